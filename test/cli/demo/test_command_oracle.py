"""The oracle finds every broken limit in what was sent, and nothing where all was well."""

import numpy as np
import pytest

from pi0_ros.cli.demo.command_oracle import CommandOracle
from pi0_ros.core.limits import ArmLimits

STEP_NS = 20_000_000
DT = STEP_NS / 1e9
LIMITS = ArmLimits(
    joint_names=("a", "b"),
    lower=np.array([-1.0, -1.0]),
    upper=np.array([1.0, 1.0]),
    velocity=np.array([0.5, 1.0]),
    acceleration=np.array([2.0, 2.0]),
)


def oracle(**options: bool) -> CommandOracle:
    return CommandOracle(LIMITS, STEP_NS, **options)


def times(first_tick: int, points: int) -> np.ndarray:
    return (first_tick + np.arange(points)) * STEP_NS


def rows(*joint_a: float) -> np.ndarray:
    """Joint a as given, joint b at rest."""
    return np.column_stack([joint_a, np.zeros(len(joint_a))])


def ramp(speeds: list[float], start: float = 0.0) -> np.ndarray:
    """Positions from `start` with these speeds of joint a, one a tick."""
    return rows(*(start + np.concatenate([[0.0], np.cumsum(speeds)]) * DT))


# Up by 2 rad/s2, a stretch at 0.4 rad/s, and down again.
UP = [0.04 * n for n in range(1, 11)]
MOTION = ramp([*UP, 0.4, 0.4, *UP[::-1]])


def quantities(judge: CommandOracle) -> set[str]:
    return {violation.quantity for violation in judge.violations}


def test_a_motion_at_its_limits_is_no_violation() -> None:
    judge = oracle()
    judge.add_trajectory(times(0, len(MOTION)), MOTION)
    assert judge.violations == []


def test_rolling_messages_of_one_motion_give_its_peaks() -> None:
    judge = oracle()
    for tick in range(len(MOTION) - 1):
        judge.add_trajectory(times(tick, len(MOTION) - tick), MOTION[tick:])
    assert judge.violations == []
    assert judge.peak_velocity == pytest.approx([0.4, 0.0])
    assert judge.peak_acceleration == pytest.approx([2.0, 0.0])


def test_what_a_later_message_replaces_is_no_peak() -> None:
    judge = oracle()
    judge.add_trajectory(times(0, len(MOTION)), MOTION)
    judge.add_trajectory(times(1, 2), rows(MOTION[1, 0], MOTION[1, 0] + 0.04 * DT))
    judge.add_trajectory(times(2, 1), rows(MOTION[1, 0] + 0.04 * DT))
    assert judge.peak_velocity[0] == pytest.approx(0.04)


def test_a_tail_that_was_replaced_still_counts_for_the_limits() -> None:
    judge = oracle()
    jump = MOTION.copy()
    jump[15:] += 0.1
    judge.add_trajectory(times(0, len(jump)), jump)
    judge.add_trajectory(times(1, len(MOTION) - 1), MOTION[1:])
    assert quantities(judge) == {"velocity", "acceleration"}


def test_too_fast_is_named_with_joint_time_and_limit() -> None:
    judge = oracle()
    slow_up = [0.04 * n for n in range(1, 15)]
    judge.add_trajectory(times(100, 29), ramp([*slow_up, *slow_up[::-1]]))
    first = judge.violations[0]
    assert (first.joint, first.quantity, first.limit) == ("a", "velocity", 0.5)
    assert first.value == pytest.approx(0.52)
    assert first.time_s == pytest.approx(2.0 + 13 * DT)
    assert str(first) == "a: velocity 0.52 beyond its limit 0.5 at 2.260 s"


@pytest.mark.parametrize(("excess", "found"), [(1.0 + 5e-7, False), (1.0 + 2e-6, True)])
def test_only_a_relative_millionth_is_forgiven(excess: float, found: bool) -> None:
    judge = oracle()
    judge.add_trajectory(times(0, 3), ramp([0.04 * excess, 0.0]))
    assert ("acceleration" in quantities(judge)) is found


def test_acceleration_is_found_across_the_seam_of_two_messages() -> None:
    judge = oracle()
    judge.add_trajectory(times(0, len(MOTION)), MOTION)
    # At tick 11 the arm moves at 0.4 rad/s; this message lets it stop dead.
    judge.add_trajectory(times(11, 3), rows(*[MOTION[11, 0]] * 3))
    assert quantities(judge) == {"acceleration"}


def test_velocity_is_found_across_the_seam_of_two_messages() -> None:
    judge = oracle()
    judge.add_trajectory(times(0, 2), rows(0.0, 0.0))
    judge.add_trajectory(times(2, 2), rows(0.02, 0.02))
    assert "velocity" in quantities(judge)


def test_after_a_pause_the_arm_starts_from_rest_where_it_was() -> None:
    judge = oracle()
    judge.add_trajectory(times(0, len(MOTION)), MOTION)
    end = MOTION[-1, 0]
    judge.add_trajectory(times(1000, len(MOTION)), MOTION + [end, 0.0])
    assert judge.violations == []
    judge.add_trajectory(times(2000, 2), rows(2 * end + 0.1, 2 * end + 0.1))
    assert {"velocity", "acceleration"} <= quantities(judge)


def test_missed_ticks_are_played_from_the_older_message() -> None:
    judge = oracle()
    judge.add_trajectory(times(0, len(MOTION)), MOTION)
    judge.add_trajectory(times(7, len(MOTION) - 7), MOTION[7:])
    assert judge.violations == []
    assert judge.peak_velocity[0] == pytest.approx(0.28)


def test_the_first_message_starts_from_rest() -> None:
    running_start = ramp([0.4, *UP[::-1]])
    judge = oracle()
    judge.add_trajectory(times(0, len(running_start)), running_start)
    assert quantities(judge) == {"acceleration"}
    judge = oracle(from_rest=False)
    judge.add_trajectory(times(0, len(running_start)), running_start)
    assert judge.violations == []


def test_a_message_that_does_not_end_at_rest_is_found() -> None:
    judge = oracle()
    judge.add_trajectory(times(0, 11), MOTION[:11])
    assert quantities(judge) == {"rest"}


@pytest.mark.parametrize("value", [1.1, -1.1])
def test_positions_beyond_their_limits_are_found(value: float) -> None:
    judge = oracle(from_rest=False)
    judge.add_trajectory(times(0, 2), rows(value, value))
    assert quantities(judge) == {"position"}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_found(value: float) -> None:
    judge = oracle()
    judge.add_trajectory(times(0, 2), rows(0.0, value))
    assert [(v.joint, v.quantity) for v in judge.violations] == [("a", "finite")]


def test_forward_positions_are_one_step_apart() -> None:
    judge = oracle()
    for row in MOTION:
        judge.add_position(row)
    assert judge.violations == []
    assert judge.peak_velocity[0] == pytest.approx(0.4)
    assert judge.peak_acceleration[0] == pytest.approx(2.0)
    judge.add_position(MOTION[-1] + [0.02, 0.0])
    assert quantities(judge) == {"velocity", "acceleration"}


def test_restarted_peaks_forget_what_was_before() -> None:
    judge = oracle()
    for row in MOTION:
        judge.add_position(row)
    for _ in range(2):
        judge.add_position(MOTION[-1])
    judge.restart_peaks()
    judge.add_position(MOTION[-1])
    assert judge.peak_velocity.tolist() == [0.0, 0.0]
