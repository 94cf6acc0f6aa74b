"""The mock arm follows its commands like an arm: with lag, within its speed, whatever the ticks."""

from collections.abc import Sequence

import numpy as np
import pytest

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import ConfigurationError, InputRefused
from pi0_ros.core.limits import ArmLimits
from pi0_ros.sim.arm_command import UncheckedTrajectory
from pi0_ros.sim.mock_arm import MockArm

T0 = 1_700_000_000_000_000_000
MS = 1_000_000
TAU = 0.03
LIMITS = ArmLimits(
    joint_names=("a", "b"),
    lower=np.array([-1.0, -2.0]),
    upper=np.array([1.0, 2.0]),
    velocity=np.array([1.0, 2.0]),
    acceleration=np.array([5.0, 5.0]),
)


def _arm(initial: Sequence[float] = (0.0, 0.0), from_desired: bool = True) -> MockArm:
    arm = MockArm(LIMITS, initial, time_constant_s=TAU, interpolate_from_desired_state=from_desired)
    arm.step(T0)
    return arm


def _send(
    arm: MockArm,
    times_ms: Sequence[float],
    positions: Sequence[Sequence[float]],
    now_ns: int = T0,
    start_ns: int = 0,
    velocities: Sequence[Sequence[float]] | None = None,
) -> None:
    times = [round(time * MS) for time in times_ms]
    trajectory = UncheckedTrajectory(start_ns, ("a", "b"), times, positions, velocities)
    arm.accept_trajectory(trajectory, now_ns)


def _run(arm: MockArm, start_ns: int, end_ns: int, step_ns: int = 10 * MS) -> FloatArray:
    """Measured positions at every step, shape (steps, joints)."""
    return np.array([arm.step(t).positions for t in range(start_ns, end_ns + 1, step_ns)])


def test_holds_its_initial_positions() -> None:
    arm = _arm((0.3, -0.4))
    state = arm.step(T0 + 10_000 * MS)
    np.testing.assert_array_equal(state.positions, [0.3, -0.4])
    np.testing.assert_array_equal(state.velocities, [0.0, 0.0])
    assert state.stamp_ns == T0 + 10_000 * MS
    assert not state.positions.flags.writeable


def test_a_ramp_is_followed_with_the_lags_closed_form() -> None:
    arm = _arm()
    _send(arm, [1000], [[0.5, -0.8]])
    slope = np.array([0.5, -0.8])
    for milliseconds in (7, 30, 111, 500, 999):
        t = milliseconds * 1e-3
        state = arm.step(T0 + milliseconds * MS)
        lag = TAU * (1.0 - np.exp(-t / TAU))
        np.testing.assert_allclose(state.positions, slope * (t - lag), atol=1e-9)
        np.testing.assert_allclose(state.velocities, slope * (1.0 - np.exp(-t / TAU)), atol=1e-9)


def test_points_between_servo_periods_are_turned_at_in_time() -> None:
    arm = _arm()
    _send(arm, [47, 1000], [[0.047, 0.094], [0.047, 0.094]])
    left = np.array([1.0, 2.0]) * TAU * (1.0 - np.exp(-0.047 / TAU))
    for milliseconds in (49, 50, 83):
        expected = np.array([0.047, 0.094]) - left * np.exp(-(milliseconds - 47) * 1e-3 / TAU)
        positions = arm.step(T0 + milliseconds * MS).positions
        np.testing.assert_allclose(positions, expected, atol=1e-9)


def test_the_rest_of_the_way_decays_with_the_time_constant() -> None:
    arm = _arm()
    _send(arm, [20], [[0.01, 0.02]])
    left = np.array([0.01, 0.02]) - arm.step(T0 + 40 * MS).positions
    later = np.array([0.01, 0.02]) - arm.step(T0 + 40 * MS + round(TAU * 1e9)).positions
    np.testing.assert_allclose(later / left, np.exp(-1.0), rtol=1e-6)
    np.testing.assert_allclose(arm.step(T0 + 10**9).positions, [0.01, 0.02], atol=1e-12)


def test_cubic_trajectories_are_tracked_and_end_at_rest() -> None:
    arm = _arm()
    _send(arm, [400, 1000], [[0.2, 0.3], [0.4, 0.9]], velocities=[[0.5, 0.8], [0.0, 0.0]])
    np.testing.assert_allclose(arm.step(T0 + 1500 * MS).positions, [0.4, 0.9], atol=1e-6)
    assert arm.limit_violations == {"a": 0, "b": 0}


@pytest.mark.parametrize("fast", [False, True], ids=["within its speed", "saturating"])
def test_the_motion_does_not_depend_on_the_steps(fast: bool) -> None:
    scale = 8.0 if fast else 0.5
    rng = np.random.default_rng(2)
    ends = []
    for kind in ("10 ms", "1 ms", "one gap", "jitter"):
        arm = _arm()
        now = T0
        for message in range(5):
            sign = 1.0 if message % 2 == 0 else -1.0
            points = [[0.02 * sign * scale, 0.03 * scale], [0.04 * sign * scale, 0.05 * scale]]
            _send(arm, [47, 93], points, now_ns=now)
            until = now + 70 * MS + 123
            if kind == "10 ms":
                _run(arm, now, until)
            elif kind == "1 ms":
                _run(arm, now, until, MS)
            elif kind == "jitter":
                for time_ns in np.sort(rng.integers(now, until, 9)):
                    arm.step(int(time_ns))
            now = until
        ends.append((arm.step(now + 11 * MS).positions, arm.limit_violations))
    for positions, violations in ends[1:]:
        np.testing.assert_allclose(positions, ends[0][0], atol=1e-12)
        assert violations == ends[0][1]
    assert (max(ends[0][1].values()) > 0) == fast


def test_a_gap_of_an_hour_costs_no_more_than_it_must() -> None:
    arm = _arm()
    _send(arm, [100], [[0.05, 0.05]])
    state = arm.step(T0 + 3600 * 10**9)
    np.testing.assert_allclose(state.positions, [0.05, 0.05], atol=1e-12)


@pytest.mark.parametrize("from_desired", [True, False], ids=["desired", "measured"])
def test_a_trajectory_to_come_is_reached_from_the_arms_own_state(from_desired: bool) -> None:
    arm = _arm(from_desired=from_desired)
    _send(arm, [1000], [[0.5, 0.5]])
    now = T0 + 403 * MS
    before = arm.step(now)
    lag = 0.5 * TAU * (1.0 - np.exp(-0.403 / TAU))
    own = 0.5 * 0.403 if from_desired else 0.5 * 0.403 - lag
    np.testing.assert_allclose(before.positions, 0.5 * 0.403 - lag, atol=1e-9)
    _send(arm, [147, 197], [[0.3, 0.1], [0.3, 0.1]], now_ns=now)
    np.testing.assert_allclose(arm.step(now).positions, before.positions, atol=1e-12)
    # The drive follows a straight line from there.
    slope, t = (np.array([0.3, 0.1]) - own) / 0.147, 0.05
    line = own + slope * (t - TAU) + (before.positions - own + slope * TAU) * np.exp(-t / TAU)
    np.testing.assert_allclose(arm.step(now + 50 * MS).positions, line, atol=1e-9)
    np.testing.assert_allclose(arm.step(now + 800 * MS).positions, [0.3, 0.1], atol=1e-6)
    # From what is measured, the command itself jumps back by the lag.
    assert any(arm.speed_violations.values()) is not from_desired


@pytest.mark.parametrize("from_desired", [True, False], ids=["desired", "measured"])
def test_a_trajectory_that_has_begun_is_played_as_it_is(from_desired: bool) -> None:
    arm = _arm(from_desired=from_desired)
    _send(arm, [1000], [[0.5, -0.8]])
    unbroken = _arm()
    _send(unbroken, [1000], [[0.5, -0.8]])
    for now in range(T0 + 33 * MS, T0 + 990 * MS, 20 * MS):
        begin = (now - T0) // MS - 25
        times = [begin, begin + 20, 1000]
        rows = [[0.5e-3 * time, -0.8e-3 * time] for time in times]
        _send(arm, times, rows, now_ns=now, start_ns=T0)
        both = [one.step(now + 7 * MS).positions for one in (arm, unbroken)]
        np.testing.assert_allclose(both[0], both[1], atol=1e-9)
    assert arm.limit_violations == {"a": 0, "b": 0}


def test_a_trajectory_that_has_begun_elsewhere_makes_the_command_jump() -> None:
    arm = _arm()
    _send(arm, [1000], [[0.5, 0.5]])
    arm.step(T0 + 400 * MS)
    now = T0 + 400 * MS
    _send(arm, [0, 1000], [[0.1, 0.2], [0.1, 0.2]], now_ns=now, start_ns=T0)
    assert arm.speed_violations == {"a": 1, "b": 0}
    np.testing.assert_allclose(arm.step(T0 + 800 * MS).positions, [0.1, 0.2], atol=1e-5)


def test_halted_it_stays_where_its_command_is_and_a_way_that_goes_on_elsewhere_is_a_jump() -> None:
    arm = _arm()
    _send(arm, [1000], [[0.5, 0.0]])
    arm.halt(T0 + 400 * MS)
    np.testing.assert_allclose(arm.step(T0 + 2000 * MS).positions, [0.2, 0.0], atol=1e-6)
    assert sum(arm.limit_violations.values()) == 0
    now_ns = T0 + 2000 * MS
    _send(arm, [0, 20], [[0.5, 0.0], [0.5, 0.0]], now_ns=now_ns, start_ns=now_ns - 10 * MS)
    assert arm.limit_violations == {"a": 1, "b": 0}


def test_a_refused_command_leaves_the_present_one_in_force() -> None:
    arm = _arm()
    _send(arm, [100], [[0.05, 0.05]])
    with pytest.raises(InputRefused):
        _send(arm, [100], [[float("nan"), 0.0]])
    with pytest.raises(InputRefused):
        arm.accept_positions([0.0], T0)
    np.testing.assert_allclose(arm.step(T0 + 10**9).positions, [0.05, 0.05], atol=1e-9)


def test_it_is_never_faster_than_its_limits_and_counts_what_asked_for_more() -> None:
    arm = _arm()
    _send(arm, [100], [[0.6, 0.15]])
    path = _run(arm, T0, T0 + 900 * MS, MS)
    speed = np.abs(np.diff(path, axis=0)) / 1e-3
    assert speed[:, 0].max() == pytest.approx(1.0, rel=1e-6)
    assert speed[:, 1].max() <= 1.5 + 1e-9
    np.testing.assert_allclose(path[-1], [0.6, 0.15], atol=1e-6)
    # 100 ms of too fast a command is 20 servo periods.
    assert arm.speed_violations == {"a": 20, "b": 0}
    assert arm.limit_violations == {"a": 20, "b": 0}


def test_a_command_at_exactly_the_limit_is_no_violation() -> None:
    arm = _arm()
    times = [20.0 * tick for tick in range(1, 31)]
    _send(arm, times, [[1e-3 * time, 2e-3 * time] for time in times])
    _run(arm, T0, T0 + 900 * MS)
    assert arm.limit_violations == {"a": 0, "b": 0}


def test_it_stops_at_its_position_limits_and_counts() -> None:
    arm = _arm((0.9, 0.0))
    _send(arm, [400], [[1.2, 0.0]])
    state = arm.step(T0 + 395 * MS)
    assert state.positions[0] == 1.0
    assert state.velocities[0] == 0.0
    assert arm.stop_violations["a"] > 10
    assert arm.limit_violations["a"] == arm.stop_violations["a"]
    assert arm.limit_violations["b"] == 0


def test_a_point_due_at_once_is_a_jump_for_the_command_but_not_for_the_arm() -> None:
    arm = _arm()
    _send(arm, [0], [[0.5, 0.0]])
    assert arm.speed_violations == {"a": 1, "b": 0}
    assert arm.step(T0 + 100 * MS).positions[0] == pytest.approx(0.1, rel=1e-6)
    # At full speed until the lag alone is slower, then a decay, however far apart the steps are.
    expected = 0.5 - TAU * np.exp(-1.0)
    assert arm.step(T0 + 500 * MS).positions[0] == pytest.approx(expected, abs=1e-3)


def test_streamed_position_targets_are_followed() -> None:
    arm = _arm()
    rng = np.random.default_rng(1)
    for tick in range(1, 101):
        now = T0 + tick * 20 * MS
        jitter = int(rng.integers(0, 8 * MS))
        arm.accept_positions([0.9 * 1e-3 * 20 * tick * 0.5, -0.01 * tick], now + jitter)
    state = arm.step(T0 + 2010 * MS)
    assert state.velocities[0] == pytest.approx(0.45, abs=0.15)
    np.testing.assert_allclose(arm.step(T0 + 4000 * MS).positions, [0.9, -1.0], atol=1e-9)
    assert arm.limit_violations == {"a": 0, "b": 0}


def test_position_targets_that_run_away_are_counted_for_their_joint_alone() -> None:
    arm = _arm()
    for tick in range(1, 21):
        arm.accept_positions([0.03 * tick, 0.01 * tick], T0 + tick * 20 * MS)
    assert arm.speed_violations["a"] > 10
    assert arm.speed_violations["b"] == 0


def test_a_position_target_far_away_after_a_rest_is_a_violation() -> None:
    arm = _arm()
    arm.accept_positions([0.0, 0.0], T0)
    arm.accept_positions([0.5, 0.01], T0 + 10_000 * MS)
    assert arm.speed_violations == {"a": 1, "b": 0}


def test_time_going_backwards_makes_it_hold_where_it_is() -> None:
    arm = _arm()
    _send(arm, [1000], [[0.5, 0.5]])
    before = arm.step(T0 + 500 * MS)
    back = arm.step(T0 - 10**9)
    np.testing.assert_allclose(back.positions, before.positions, atol=1e-12)
    np.testing.assert_array_equal(back.velocities, [0.0, 0.0])
    np.testing.assert_allclose(arm.step(T0 + 10**9).positions, before.positions, atol=1e-12)
    assert arm.clock_resets == 1
    _send(arm, [100], [[0.2, 0.2]], now_ns=T0 - 10**9)
    assert arm.clock_resets == 2


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="2 initial positions"):
        MockArm(LIMITS, [0.0])
    with pytest.raises(ConfigurationError, match="initial position of a"):
        MockArm(LIMITS, [1.1, 0.0])
    with pytest.raises(ConfigurationError, match="initial position of b"):
        MockArm(LIMITS, [0.0, float("nan")])
    with pytest.raises(ConfigurationError, match="time_constant_s"):
        MockArm(LIMITS, [0.0, 0.0], time_constant_s=0.0)
    with pytest.raises(ConfigurationError, match="command_period_s"):
        MockArm(LIMITS, [0.0, 0.0], command_period_s=float("inf"))
