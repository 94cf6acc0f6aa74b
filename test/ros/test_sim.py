"""The simulation as its topics show it."""

import time
from typing import Any

import numpy as np
import pytest
from pi0_ros.srv import ResetScene
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.ros import topics
from pi0_ros.ros.compressed import rgb_from_compressed
from pi0_ros.ros.conversions import duration_message, nanoseconds, rgb_from_message
from pi0_ros.ros.sim import SimNode
from pi0_ros.sim.demo_arm import HOME, JOINT_NAMES, forward
from pi0_ros.sim.reach.expert import ReachExpert
from pi0_ros.sim.reach.scenes import drawn_scene
from pi0_ros.sim.renderer import SceneRenderer
from pi0_ros.sim.scene import CAMERAS

SHAPE = (480, 640)


@pytest.fixture
def quiet(limits: dict[str, Any]) -> dict[str, Any]:
    """One camera, few pictures."""
    own = {name: value for name, value in limits.items() if name != "realtime_priority"}
    return own | {"camera_names": ["main"], "camera_rate": 10.0}


def _scene(seed: int) -> Any:
    return drawn_scene(np.random.default_rng(seed), forward(HOME).tip)


def test_it_starts_at_home_with_the_scene_of_its_seed(world: Any, quiet: dict[str, Any]) -> None:
    states = world.hear(topics.JOINT_STATES)
    truths = world.hear(topics.SCENE_TRUTH)
    world.start(SimNode, {**quiet, "seed": 7})

    world.until(lambda: len(states) > 20 and truths, "joint states and the truth")
    assert list(states[0].name) == list(JOINT_NAMES)
    assert list(states[-1].position) == pytest.approx(list(HOME), abs=2e-3)
    stamps = [nanoseconds(state.header.stamp) for state in states]
    assert stamps == sorted(set(stamps))
    scene, truth = _scene(7), truths[0]
    assert (truth.episode, truth.seed, truth.target) == (1, 7, scene.target)
    assert truth.instruction == scene.instruction
    for name, pose in zip(truth.blocks, truth.poses, strict=True):
        middle = [pose.position.x, pose.position.y]
        assert middle == pytest.approx(list(scene.blocks[name].centre), abs=1e-3)
    tip = [truth.tip.x, truth.tip.y, truth.tip.z]
    assert tip == pytest.approx(list(forward(HOME).tip), abs=2e-3)


def test_it_follows_commands_of_both_kinds(world: Any, quiet: dict[str, Any]) -> None:
    states = world.hear(topics.JOINT_STATES)
    world.start(SimNode, quiet)
    goal = (HOME + 0.1).tolist()
    point = JointTrajectoryPoint(positions=goal, time_from_start=duration_message(200_000_000))
    world.publisher(topics.JOINT_TRAJECTORY).publish(
        JointTrajectory(joint_names=list(JOINT_NAMES), points=[point])
    )
    world.until(
        lambda: states and list(states[-1].position) == pytest.approx(goal, abs=3e-3),
        "the arm at its goal",
    )
    goal = (HOME + 0.07).tolist()
    world.publisher(topics.POSITION_COMMANDS).publish(Float64MultiArray(data=goal))
    world.until(
        lambda: list(states[-1].position) == pytest.approx(goal, abs=3e-3), "the arm at its target"
    )


def test_a_malformed_command_is_refused_aloud(world: Any, quiet: dict[str, Any]) -> None:
    diagnostics = world.hear(topics.DIAGNOSTICS)
    world.start(SimNode, quiet)
    target = Float64MultiArray(data=[float("nan")] * 6)
    world.publisher(topics.POSITION_COMMANDS).publish(target)
    world.until(
        lambda: any("joint_1 is nan" in m.status[0].message for m in diagnostics), "an alarm"
    )


def test_pictures_show_the_scene_and_come_with_their_camera(
    world: Any, quiet: dict[str, Any]
) -> None:
    pictures = world.hear(topics.CAMERA_RAW.of_camera("main"))
    infos = world.hear(topics.CAMERA_INFO.of_camera("main"))
    world.start(SimNode, {**quiet, "seed": 3})
    world.until(lambda: len(pictures) > 2 and len(infos) > 3, "pictures")
    drawn = SceneRenderer(CAMERAS, _scene(3).blocks.values()).render_view("main", HOME)
    shown = rgb_from_message(pictures[-1], SHAPE).astype(int)
    # The drives give a little under the arm's own weight: a few pixels of its edges.
    assert np.mean(np.abs(shown - drawn).max(axis=2) > 8) < 0.005
    stamps = {nanoseconds(info.header.stamp) for info in infos}
    assert nanoseconds(pictures[-1].header.stamp) in stamps
    info = infos[0]
    assert info.header.frame_id == pictures[0].header.frame_id == "camera_main_optical_frame"
    assert (info.width, info.height) == (640, 480)
    point = np.array([0.3, 0.1, 0.05])
    camera = CAMERAS["main"]
    local = camera.axes @ (point - camera.position)
    u, v, w = np.array(info.p).reshape(3, 4) @ [*local, 1.0]
    assert [u / w, v / w] == pytest.approx(list(camera.project(point)[0]))


def test_compressed_pictures_are_jpeg(world: Any, quiet: dict[str, Any]) -> None:
    pictures = world.hear(topics.CAMERA_COMPRESSED.of_camera("main"))
    world.start(SimNode, {**quiet, "camera_transport": "compressed"})
    world.until(lambda: pictures, "a picture")
    drawn = SceneRenderer(CAMERAS, _scene(0).blocks.values()).render_view("main", HOME)
    error = np.abs(rgb_from_compressed(pictures[0], SHAPE).astype(int) - drawn)
    assert error.mean() < 3.0


def test_a_reset_puts_the_scene_of_its_seed_and_leaves_the_arm(
    world: Any, quiet: dict[str, Any]
) -> None:
    truths = world.hear(topics.SCENE_TRUTH)
    states = world.hear(topics.JOINT_STATES)
    pictures = world.hear(topics.CAMERA_RAW.of_camera("main"))
    world.start(SimNode, quiet)
    world.until(lambda: pictures, "a picture")
    service = topics.RESET_SCENE
    places = []
    for episode, seed in enumerate((11, 12, 11), start=2):
        answer = world.call(service.type, service.name, ResetScene.Request(seed=seed))
        assert answer.success
        assert answer.instruction == _scene(seed).instruction
        world.until(lambda episode=episode: truths[-1].episode == episode, "the new scene")
        assert truths[-1].seed == seed
        assert list(truths[-1].touched) == []
        places.append([(pose.position.x, pose.position.y) for pose in truths[-1].poses])
    np.testing.assert_allclose(places[0], places[2], atol=1e-4)
    assert np.abs(np.subtract(places[0], places[1])).max() > 0.01
    assert list(states[-1].position) == pytest.approx(list(HOME), abs=2e-3)
    drawn = SceneRenderer(CAMERAS, _scene(11).blocks.values()).render_view("main", HOME)

    def shown() -> bool:
        picture = rgb_from_message(pictures[-1], SHAPE).astype(int)
        return bool(np.mean(np.abs(picture - drawn).max(axis=2) > 8) < 0.005)

    world.until(shown, "pictures of the new scene")


def test_a_touched_block_is_told(world: Any, quiet: dict[str, Any]) -> None:
    truths = world.hear(topics.SCENE_TRUTH)
    states = world.hear(topics.JOINT_STATES)
    world.start(SimNode, {**quiet, "seed": 6})
    scene = _scene(6)
    path = ReachExpert(scene.blocks[scene.target]).future(HOME, 300, 0.02)
    points = [
        JointTrajectoryPoint(positions=row.tolist(), time_from_start=duration_message(time_ns))
        for row, time_ns in zip(path, range(0, 300 * 20_000_000, 20_000_000), strict=True)
    ]
    message = JointTrajectory(joint_names=list(JOINT_NAMES), points=points)
    world.publisher(topics.JOINT_TRAJECTORY).publish(message)
    world.until(lambda: truths and truths[-1].touched, "a touched block")
    assert list(truths[-1].touched) == [scene.target]
    assert states


def test_simulated_time_runs_no_faster_than_told(world: Any, quiet: dict[str, Any]) -> None:
    ticks = world.hear(topics.CLOCK)
    states = world.hear(topics.JOINT_STATES)
    diagnostics = world.hear(topics.DIAGNOSTICS)
    begin_s = time.monotonic()
    world.start(SimNode, {**quiet, "publish_clock": True, "real_time_factor": 0.25})

    def factors() -> list[float]:
        values = [value for m in diagnostics for value in m.status[0].values]
        return [float(value.value) for value in values if value.key == "real-time factor"]

    world.until(factors, "a real-time factor")
    passed_s = time.monotonic() - begin_s
    # A busy machine makes it slower; it is measured over a second, of whole steps.
    assert 0.0 < factors()[0] < 0.35
    times = [nanoseconds(tick.clock) for tick in ticks]
    assert times == sorted(times)
    assert 0.0 < (times[-1] - times[0]) * 1e-9 < 0.25 * passed_s
    assert {nanoseconds(state.header.stamp) for state in states[1:-1]} <= set(times)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"real_time_factor": 2.0}, "set publish_clock to true"),
        ({"use_sim_time": True}, "use_sim_time is true: the simulation makes time"),
        ({"camera_names": ["main", "wrist"]}, "camera_names: no view wrist"),
    ],
)
def test_what_cannot_work_is_named(
    world: Any, quiet: dict[str, Any], parameters: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        world.start(SimNode, {**quiet, **parameters})


def test_without_gl_the_renderer_of_mujoco_ends_the_node_with_what_to_do(
    world: Any, quiet: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: Any) -> None:
        raise RuntimeError("no library")

    monkeypatch.setattr("mujoco.Renderer", none)
    node = world.start(SimNode, {**quiet, "renderer": "mujoco"})
    world.until(node.ended.done, "the end")
    error = node.ended.exception()
    assert isinstance(error, ConfigurationError)
    for word in ("renderer", "builtin", "MUJOCO_GL", "libegl1", "libosmesa6", "no library"):
        assert word in str(error)
