"""The simulated world: an arm that holds and follows, blocks that are touched and pushed."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import ConfigurationError, InputRefused
from pi0_ros.sim.arm_command import UncheckedTrajectory
from pi0_ros.sim.demo_arm import HOME, JOINT_NAMES, LIMITS, forward, pointing_down
from pi0_ros.sim.mujoco.world import ReachWorld
from pi0_ros.sim.reach.expert import ReachExpert, drawn_start
from pi0_ros.sim.reach.scenes import ReachScene, drawn_scene
from pi0_ros.sim.scene import Block

T0 = 1_700_000_000_000_000_000
MS = 1_000_000
PERIOD_MS = 20


def _scene(seed: int = 1) -> ReachScene:
    return drawn_scene(np.random.default_rng(seed), forward(HOME).tip)


def _world(scene: ReachScene | None = None, start: FloatArray = HOME) -> ReachWorld:
    world = ReachWorld(LIMITS, _scene() if scene is None else scene, start)
    world.step(T0)
    return world


def _tell(
    world: ReachWorld,
    now_ns: int,
    times_ns: list[int],
    rows: Sequence[Sequence[float]],
    velocities: Sequence[Sequence[float]] | None = None,
) -> None:
    """A trajectory that begins when it comes."""
    trajectory = UncheckedTrajectory(now_ns, JOINT_NAMES, times_ns, rows, velocities)
    world.accept_trajectory(trajectory, now_ns)


def _towards(
    world: ReachWorld, block: Block, start: FloatArray, begin_ns: int, periods: int
) -> list[float]:
    """Lets the expert lead the arm; how far the arm was from each command, rad."""
    expert = ReachExpert(block)
    command = np.array(start)
    distances = []
    for period in range(periods):
        command = command + PERIOD_MS * 1e-3 * expert.velocity(command)
        world.accept_positions(command.tolist(), begin_ns + period * PERIOD_MS * MS)
        state = world.step(begin_ns + (period + 1) * PERIOD_MS * MS)
        distances.append(float(np.abs(state.positions - command).max()))
    return distances


def test_holds_home_against_gravity() -> None:
    world = _world()
    state = world.step(T0 + 2000 * MS)
    np.testing.assert_allclose(state.positions, HOME, atol=2e-3)
    assert state.stamp_ns == T0 + 2000 * MS
    assert not state.positions.flags.writeable
    np.testing.assert_allclose(world.tip, forward(HOME).tip, atol=2e-3)


def test_blocks_at_rest_stay_where_the_scene_put_them() -> None:
    scene = _scene()
    world = _world(scene)
    world.step(T0 + 1000 * MS)
    for name, block in world.blocks.items():
        np.testing.assert_allclose(block.centre, scene.blocks[name].centre, atol=1e-4)
        assert block.yaw_rad == pytest.approx(scene.blocks[name].yaw_rad, abs=1e-3)
        assert world.block_poses[name].position[2] == pytest.approx(0.035, abs=1e-3)
    assert world.touched == ()


def test_a_trajectory_at_the_speed_limit_is_followed_within_its_lag() -> None:
    world = _world()
    end = HOME + 0.4 * LIMITS.velocity * [1.0, 1.0, -1.0, 1.0, -1.0, 1.0]
    # A cubic from rest to rest is half as fast again in its middle as on average.
    _tell(world, T0, [0, 600 * MS], [HOME, end], [[0.0] * 6] * 2)
    for time_ms in range(0, 601, 10):
        share = time_ms / 600.0
        desired = HOME + (end - HOME) * share**2 * (3.0 - 2.0 * share)
        measured = world.step(T0 + time_ms * MS)
        np.testing.assert_allclose(measured.positions, desired, atol=0.03)
    np.testing.assert_allclose(world.step(T0 + 900 * MS).positions, end, atol=2e-3)
    assert not any(world.limit_violations.values())


@pytest.mark.parametrize("seed", range(20))
def test_the_expert_touches_the_asked_block_first(seed: int) -> None:
    rng = np.random.default_rng(seed)
    start = drawn_start(rng)
    scene = drawn_scene(rng, forward(start).tip)
    world = _world(scene, start)
    command, begin_ns = start, T0
    for _ in range(25):
        distances = _towards(world, scene.blocks[scene.target], command, begin_ns, 10)
        if world.touched:
            break
        assert max(distances) < 0.015
        command, begin_ns = world.step(begin_ns + 200 * MS).positions, begin_ns + 200 * MS
    assert world.touched == (scene.target,)
    assert not any(world.limit_violations.values())


def _sweep(world: ReachWorld, radius_m: float, first: float, last: float) -> None:
    """Draws the tool low over the table, from one azimuth to another, in 2 s."""
    for period in range(100):
        azimuth = first + (last - first) * period / 99.0
        tip = [radius_m * np.cos(azimuth), radius_m * np.sin(azimuth), 0.03]
        world.accept_positions(pointing_down(tip).tolist(), T0 + period * PERIOD_MS * MS)
        world.step(T0 + (period + 1) * PERIOD_MS * MS)


def _facing_scene() -> ReachScene:
    scene = _scene()
    places = {"red": 0.5, "blue": -0.5}
    blocks = {
        name: replace(
            block,
            centre=np.array([0.35 * np.cos(places[name]), 0.35 * np.sin(places[name])]),
            yaw_rad=places[name] % (np.pi / 2),
        )
        for name, block in scene.blocks.items()
    }
    return ReachScene(blocks, "red")


@pytest.mark.parametrize("order", [("red", "blue"), ("blue", "red")])
def test_touched_blocks_are_listed_in_their_order(order: tuple[str, str]) -> None:
    scene = _facing_scene()
    world = _world(scene)
    _towards(world, scene.blocks[order[0]], HOME, T0, 120)
    assert world.touched == order[:1]
    now_ns = T0 + 120 * PERIOD_MS * MS
    _towards(world, scene.blocks[order[1]], world.step(now_ns).positions, now_ns, 150)
    assert world.touched == order


def test_a_block_that_is_pushed_moves_and_the_other_stays() -> None:
    scene = _facing_scene()
    world = _world(scene, pointing_down([0.35 * np.cos(1.0), 0.35 * np.sin(1.0), 0.03]))
    _sweep(world, 0.35, 1.0, 0.3)
    pushed, other = world.blocks["red"], world.blocks["blue"]
    assert np.linalg.norm(pushed.centre - scene.blocks["red"].centre) > 0.03
    np.testing.assert_allclose(other.centre, scene.blocks["blue"].centre, atol=1e-4)
    assert pushed.colour == scene.blocks["red"].colour


def test_a_block_that_left_the_table_is_not_among_those_on_it() -> None:
    scene = _scene()
    edge = replace(scene.blocks["red"], centre=np.array([0.9, 0.0]))
    world = _world(ReachScene({**scene.blocks, "red": edge}, "red"))
    world.step(T0 + 1000 * MS)
    assert tuple(world.blocks) == ("blue",)
    assert world.block_poses["red"].position[2] < -0.5


def test_a_new_scene_puts_the_blocks_anew_and_leaves_the_arm() -> None:
    scene = _facing_scene()
    world = _world(scene, pointing_down([0.35 * np.cos(1.0), 0.35 * np.sin(1.0), 0.03]))
    _sweep(world, 0.35, 1.0, 0.3)
    arm, end_ns = world.step(T0 + 2000 * MS).positions, T0 + 2000 * MS
    assert world.touched
    fresh = drawn_scene(np.random.default_rng(5), world.tip)
    world.replace_scene(fresh)
    assert world.touched == ()
    np.testing.assert_array_equal(world.step(end_ns).positions, arm)
    world.step(end_ns + 100 * MS)
    for name, block in world.blocks.items():
        np.testing.assert_allclose(block.centre, fresh.blocks[name].centre, atol=1e-4)
    assert world.scene is fresh


def test_a_scene_of_other_blocks_is_refused() -> None:
    world, scene = _world(), _scene()
    larger = replace(scene.blocks["red"], edge_m=0.08)
    with pytest.raises(ConfigurationError, match="another set of blocks"):
        world.replace_scene(ReachScene({**scene.blocks, "red": larger}, "red"))
    with pytest.raises(ConfigurationError, match="another set of blocks"):
        world.replace_scene(ReachScene({"red": scene.blocks["red"]}, "red"))


def test_the_same_commands_lead_to_the_same_bits_however_often_it_is_asked() -> None:
    scene = _facing_scene()
    start = pointing_down([0.35 * np.cos(1.0), 0.35 * np.sin(1.0), 0.03])
    often, seldom = _world(scene, start), _world(scene, start)
    target = pointing_down([0.35 * np.cos(0.3), 0.35 * np.sin(0.3), 0.03]).tolist()
    for period in range(50):
        now_ns = T0 + period * PERIOD_MS * MS
        for world in (often, seldom):
            _tell(world, now_ns, [700 * MS], [target])
        for time_ms in (1, 3, 9):
            often.step(now_ns + time_ms * MS)
    end_ns = T0 + 2000 * MS
    np.testing.assert_array_equal(often.step(end_ns).positions, seldom.step(end_ns).positions)
    np.testing.assert_array_equal(often.configuration, seldom.configuration)
    assert often.touched == seldom.touched == ("red",)


def test_a_clock_that_goes_back_leaves_the_arm_where_it_is() -> None:
    world = _world()
    end = (HOME + 0.5).tolist()
    _tell(world, T0, [1000 * MS], [end])
    before = world.step(T0 + 500 * MS).positions
    world.step(T0 - 10_000 * MS)
    after = world.step(T0 - 9_000 * MS)
    np.testing.assert_allclose(after.positions, before, atol=0.02)
    np.testing.assert_allclose(after.velocities, 0.0, atol=1e-3)
    assert world.clock_resets == 1


def test_a_clock_that_was_set_ahead_leaves_the_arm_where_it_is() -> None:
    world = _world()
    end = (HOME + 0.5).tolist()
    _tell(world, T0, [1000 * MS], [end])
    before = world.step(T0 + 500 * MS).positions
    ahead_ns = T0 + 10**9 * MS
    world.set_clock(ahead_ns)
    after = world.step(ahead_ns + 500 * MS)
    np.testing.assert_allclose(after.positions, before, atol=0.02)
    assert after.stamp_ns == ahead_ns + 500 * MS
    assert world.clock_resets == 1


def test_a_clock_set_before_the_first_step_is_no_reset() -> None:
    world = ReachWorld(LIMITS, _scene(), HOME)
    world.set_clock(T0)
    assert world.step(T0).stamp_ns == T0
    assert world.clock_resets == 0


@pytest.mark.parametrize(
    ("value", "kind"),
    [(float("nan"), "not finite"), (float("inf"), "not finite"), (1e307, "overflow")],
)
def test_absurd_commands_are_refused(value: float, kind: str) -> None:
    world = _world()
    absurd = [value] * 6
    moving = [absurd, absurd, [0.0] * 6]
    with pytest.raises(InputRefused) as refusal:
        world.accept_positions(absurd, T0)
    assert refusal.value.kind == kind
    with pytest.raises(InputRefused) as refusal:
        _tell(world, T0, [0, 1, 10 * MS], [absurd] * 3, moving)
    assert refusal.value.kind == kind
    np.testing.assert_allclose(world.step(T0 + 500 * MS).positions, HOME, atol=2e-3)


def test_a_command_far_beyond_everything_leaves_a_finite_arm() -> None:
    world = _world()
    world.accept_positions([1e200, -1e200] * 3, T0)
    assert np.all(np.isfinite(world.step(T0 + 2000 * MS).positions))
    assert np.all(np.isfinite(world.configuration))


def test_a_jump_is_followed_no_faster_than_the_arm_is_and_stays_within_its_stops() -> None:
    world = _world()
    turned = np.array([1.0, 0.0, 0.0, 1.0, 0.0, 1.0])
    world.accept_positions((HOME + turned * (LIMITS.upper + 1.0)).tolist(), T0)
    fastest = np.zeros(6)
    for time_ms in range(0, 3000, 10):
        state = world.step(T0 + time_ms * MS)
        fastest = np.maximum(fastest, np.abs(state.velocities))
        assert np.all(state.positions < LIMITS.upper + 0.002)
    assert np.all(fastest < 1.15 * LIMITS.velocity)
    assert np.all(fastest[turned > 0.0] > 0.9 * LIMITS.velocity[turned > 0.0])
    for counted in (world.speed_violations, world.stop_violations):
        assert [count > 0 for count in counted.values()] == [bool(joint) for joint in turned]


def test_starting_beyond_a_limit_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="initial position of joint_1"):
        ReachWorld(LIMITS, _scene(), [3.0, 0.0, 0.0, 0.0, 0.0, 0.0])
