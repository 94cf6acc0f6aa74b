"""Recording from a running arm: the mocks, their topics, and a dataset at the end."""

import gc
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rosbags.rosbag2 import Reader
from sensor_msgs.msg import Image
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from pi0_ros.cli.domain import reserve_domain
from pi0_ros.cli.main import main
from pi0_ros.policy.dataset.reader import recorded_samples
from pi0_ros.policy.dataset.staging import read_info
from pi0_ros.ros import topics
from pi0_ros.ros.conversions import duration_message
from pi0_ros.ros.entities import publisher
from pi0_ros.ros.mock_arm import MockArmNode
from pi0_ros.sim.demo_arm import HOME, JOINT_NAMES, LIMITS

CAMERAS = ("main", "side")
HEIGHT, WIDTH = 16, 24
FILE = f"""
/**:
  ros__parameters:
    joint_names: [{", ".join(JOINT_NAMES)}]
    camera_names: [{", ".join(CAMERAS)}]
    image_width: {WIDTH}
    image_height: {HEIGHT}
    camera_max_age: 2.0
    joint_max_age: 2.0
"""
GOAL = HOME + np.array([0.5, 0.0, 0.0, 0.0, 0.0, 0.5])


def limits() -> dict[str, Any]:
    result: dict[str, Any] = {}
    for index, joint in enumerate(JOINT_NAMES):
        for kind in ("position", "velocity", "acceleration"):
            result[f"joint_limits.{joint}.has_{kind}_limits"] = True
        result[f"joint_limits.{joint}.min_position"] = float(LIMITS.lower[index])
        result[f"joint_limits.{joint}.max_position"] = float(LIMITS.upper[index])
        result[f"joint_limits.{joint}.max_velocity"] = float(LIMITS.velocity[index])
        result[f"joint_limits.{joint}.max_acceleration"] = float(LIMITS.acceleration[index])
    return {**result, "realtime_priority": 0}


@contextmanager
def running_arm(namespace: str, *remappings: str) -> Iterator[None]:
    """The mocked arm on a slow way to GOAL, and two small cameras, in a thread of their own."""
    context = rclpy.Context()
    context.init(args=[])
    arm = MockArmNode(
        context=context,
        namespace=namespace,
        use_global_arguments=False,
        cli_args=["--ros-args", *(word for pair in remappings for word in ("-r", pair))],
        parameter_overrides=[Parameter(name, value=value) for name, value in limits().items()],
    )
    cameras = [publisher(arm, topics.CAMERA_RAW.of_camera(camera)) for camera in CAMERAS]
    commands = publisher(arm, topics.JOINT_TRAJECTORY)

    def show() -> None:
        message = Image(height=HEIGHT, width=WIDTH, encoding="rgb8", step=WIDTH * 3)
        message.header.stamp = arm.get_clock().now().to_msg()
        message.data = bytes(HEIGHT * WIDTH * 3)
        for camera in cameras:
            camera.publish(message)

    told = threading.Event()

    def tell() -> None:
        # Whoever records must have been there when the arm was told.
        if commands.get_subscription_count() < 2 or told.is_set():
            return
        told.set()
        far = JointTrajectoryPoint(
            positions=GOAL.tolist(), time_from_start=duration_message(8_000_000_000)
        )
        here = JointTrajectoryPoint(positions=HOME.tolist())
        commands.publish(JointTrajectory(joint_names=list(JOINT_NAMES), points=[here, far]))

    arm.create_timer(0.02, show)
    arm.create_timer(0.05, tell)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(arm)
    ending = threading.Event()

    def spin() -> None:
        while not ending.is_set():
            executor.spin_once(timeout_sec=0.05)

    thread = threading.Thread(target=spin)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()
        executor.shutdown()
        arm.destroy_node()
        context.shutdown()


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    file = tmp_path / "arm.yaml"
    file.write_text(FILE)
    words = ["record", "--output", str(tmp_path / "set"), "--params-file", str(file)]
    words += ["--namespace", "left", "--pictures", "png", "--instruction", "go", "--fps", "20"]
    with reserve_domain() as reserved:
        monkeypatch.setenv("ROS_DOMAIN_ID", str(reserved.domain))
        yield [*words, "--most-gaps", "1000"]
        # Nodes sit in reference cycles; their participants must be gone when the next ones come.
        gc.collect()


def test_an_impossible_namespace_is_a_clear_error(
    command: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # The one that is given last counts.
    assert main([*command, "--namespace", "a b"]) == 1
    assert "--namespace 'a b': expected names of letters, digits" in capfd.readouterr().err


def test_episodes_of_the_mocked_arm_are_recorded_and_read_back(
    command: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with running_arm("left"):
        status = main(
            [*command, "--episodes", "2", "--episode-seconds", "0.4", "--pause-seconds", "0"]
        )
    said = capfd.readouterr().out
    assert status == 0, said
    assert "saved episode 0" in said
    assert "2 episodes recorded, 0 left out" in said
    samples = list(recorded_samples(tmp_path / "set", horizon=1))
    assert len(samples) >= 4
    told = np.array([sample.actions[0] for sample in samples])
    share = (told - HOME)[:, 0] / (GOAL - HOME)[0]
    assert np.all(np.diff(share) >= 0.0)
    assert 0.0 <= share[0] < share[-1] <= 1.0
    # On the straight line, and the arm follows behind.
    assert np.allclose(told, HOME + share[:, None] * (GOAL - HOME), atol=1e-6)
    for sample in samples:
        assert set(sample.images) == set(CAMERAS)
        assert np.allclose(sample.positions, sample.actions[0], atol=0.05)


def test_an_arm_whose_drivers_use_other_topics_is_recorded_with_the_remappings_of_its_bring_up(
    command: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    remappings = (
        "camera/main/image_raw:=/front/color/image_raw",
        "joint_states:=/ur/joint_states",
        "joint_trajectory_controller/joint_trajectory:=scaled_controller/joint_trajectory",
    )
    plan = ["--episodes", "1", "--episode-seconds", "0.3", "--bag"]
    with running_arm("left", *remappings):
        status = main([*command, *plan, "--remap", " ".join(remappings)])
    assert status == 0, capfd.readouterr().out
    assert list(recorded_samples(tmp_path / "set", horizon=1))
    with Reader(tmp_path / "set.bags/episode_000000") as reader:
        counts = {entry.topic: entry.msgcount for entry in reader.connections}
    assert counts["/front/color/image_raw"] >= 1
    assert counts["/left/camera/side/image_raw"] >= 1
    assert counts["/ur/joint_states"] >= 1
    assert counts["/left/scaled_controller/joint_trajectory"] == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--remap", "joint_states=/ur"], "remap: 'joint_states=/ur': expected <topic>:=<topic>"),
        (["--expert", "reach", "--remap", "a:=b"], "--remap: does not go with --expert"),
    ],
)
def test_remappings_that_cannot_be_are_named(
    tmp_path: Path, words: list[str], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["record", "--output", str(tmp_path / "set"), *words]) == 1
    assert message in capfd.readouterr().err


def test_each_saved_episode_has_its_bag_also_when_resumed(
    command: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    plan = ["--episode-seconds", "0.3", "--pause-seconds", "0"]
    with running_arm("left"):
        assert main([*command, *plan, "--episodes", "2", "--bag"]) == 0
    with running_arm("left"):
        assert main([*command, *plan, "--episodes", "1", "--bag", "sqlite3", "--resume"]) == 0
    said = capfd.readouterr().out
    assert "GB left" in said
    bags = sorted(path.relative_to(tmp_path / "set.bags") for path in tmp_path.glob("set.bags/*/*"))
    assert [str(path) for path in bags if path.suffix != ".yaml"] == [
        "episode_000000/episode_000000.mcap",
        "episode_000001/episode_000001.mcap",
        "episode_000002/episode_000002.db3",
    ]
    assert not (tmp_path / "set.bags/.recording").exists()
    frames = 0
    for number in range(3):
        with Reader(tmp_path / f"set.bags/episode_{number:06d}") as reader:
            counts = {entry.topic: entry.msgcount for entry in reader.connections}
        # On a busy machine there is one in the time of an episode.
        assert counts["/left/camera/main/image_raw"] >= 1
        assert counts["/left/joint_trajectory_controller/joint_trajectory"] == 1
        frames += counts["/left/pi0_record/frame"]
    info = read_info(tmp_path / "set")
    assert (info["total_episodes"], info["total_frames"]) == (3, frames)


def test_ctrl_c_ends_it_with_what_was_saved(
    command: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    threading.Thread(target=_interrupt_once_recording, args=(tmp_path / "set",)).start()
    with running_arm("left"):
        status = main([*command, "--episode-seconds", "0.3", "--pause-seconds", "0", "--bag"])
    said = capfd.readouterr().out
    assert status == 0, said
    assert "episodes recorded" in said
    assert len(list(recorded_samples(tmp_path / "set", horizon=1))) >= 1
    assert not (tmp_path / "set" / ".recording").exists()
    saved = read_info(tmp_path / "set")["total_episodes"]
    assert sorted(path.name for path in (tmp_path / "set.bags").iterdir()) == [
        f"episode_{number:06d}" for number in range(saved)
    ]


def _interrupt_once_recording(folder: Path) -> None:
    deadline_s = time.monotonic() + 60.0
    while not (folder / "meta/info.json").exists() and time.monotonic() < deadline_s:
        time.sleep(0.02)
    signal.raise_signal(signal.SIGINT)
