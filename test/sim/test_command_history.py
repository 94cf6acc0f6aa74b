"""What the arm was told at an instant, from the messages that told it."""

import numpy as np
import pytest

from pi0_ros.core.errors import InputRefused
from pi0_ros.core.limits import ArmLimits
from pi0_ros.sim.arm_command import UncheckedTrajectory
from pi0_ros.sim.command_history import CommandHistory
from pi0_ros.sim.mock_arm import MockArm

MS = 1_000_000
T0 = 5_000_000_000
NAMES = ("a", "b")


def told(history: CommandHistory, start_ns: int, rows: list[list[float]], now_ns: int) -> None:
    """Points 100 ms apart, the first at the stamp."""
    times = [index * 100 * MS for index in range(len(rows))]
    history.add_trajectory(UncheckedTrajectory(start_ns, NAMES, times, rows), now_ns)


def test_a_trajectory_is_sampled_on_its_lines_and_held_at_its_end() -> None:
    history = CommandHistory(NAMES)
    told(history, T0, [[0.0, 1.0], [1.0, 3.0]], T0)
    assert history.at(T0 + 25 * MS).tolist() == pytest.approx([0.25, 1.5])
    assert history.at(T0 + 900 * MS).tolist() == [1.0, 3.0]


def test_an_instant_before_the_newest_message_has_the_command_of_then() -> None:
    history = CommandHistory(NAMES)
    told(history, T0, [[0.0, 0.0], [1.0, 1.0]], T0)
    told(history, T0 + 50 * MS, [[9.0, 9.0], [9.0, 9.0]], T0 + 50 * MS)
    assert history.at(T0 + 40 * MS)[0] == pytest.approx(0.4)
    assert history.at(T0 + 60 * MS)[0] == 9.0


def test_before_the_first_command_nothing_is_invented() -> None:
    history = CommandHistory(NAMES)
    with pytest.raises(InputRefused, match="nothing has been commanded"):
        history.at(T0)
    told(history, T0 + 300 * MS, [[1.0, 1.0]], T0)
    with pytest.raises(InputRefused, match="nothing has been commanded"):
        history.at(T0 + 200 * MS)
    assert history.at(T0 + 300 * MS).tolist() == [1.0, 1.0]


def test_joints_are_taken_by_name() -> None:
    history = CommandHistory(NAMES)
    history.add_trajectory(UncheckedTrajectory(T0, ("b", "a"), [0], [[1.0, 2.0]]), T0)
    assert history.at(T0).tolist() == [2.0, 1.0]


def test_what_the_arm_refuses_is_refused_and_changes_nothing() -> None:
    history = CommandHistory(NAMES)
    told(history, T0, [[1.0, 1.0]], T0)
    with pytest.raises(InputRefused, match="is nan"):
        told(history, T0 + MS, [[float("nan"), 1.0]], T0 + MS)
    with pytest.raises(InputRefused, match="expected 2 positions"):
        history.add_positions([1.0], T0 + MS)
    assert history.at(T0 + 2 * MS).tolist() == [1.0, 1.0]


def test_targets_are_in_force_from_their_arrival_on() -> None:
    history = CommandHistory(NAMES)
    history.add_positions([1.0, 1.0], T0)
    history.add_positions([2.0, 2.0], T0 + 20 * MS)
    assert history.at(T0 + 19 * MS).tolist() == [1.0, 1.0]
    assert history.at(T0 + 20 * MS).tolist() == [2.0, 2.0]


def test_after_the_clock_was_set_back_old_commands_do_not_count() -> None:
    history = CommandHistory(NAMES)
    history.add_positions([1.0, 1.0], T0)
    history.add_positions([2.0, 2.0], T0 - 4_000 * MS)
    assert history.at(T0).tolist() == [2.0, 2.0]


def test_it_is_where_the_mocked_arm_is_told_to_be() -> None:
    """Messages that replace each other, some from the past, some still to come."""
    wide = ArmLimits(NAMES, *(np.full(2, value) for value in (-9.0, 9.0, 99.0, 999.0)))
    history, arm = CommandHistory(NAMES), MockArm(wide, [0.0, 0.0], time_constant_s=1e-4)
    rng = np.random.default_rng(3)
    now_ns = T0
    arm.step(now_ns)
    told_first = UncheckedTrajectory(T0, NAMES, [0], [[0.0, 0.0]])
    history.add_trajectory(told_first, T0)
    arm.accept_trajectory(told_first, T0)
    for _ in range(20):
        rows = np.cumsum(rng.normal(0.0, 0.05, (3, 2)), axis=0).tolist()
        start_ns = now_ns + int(rng.integers(-40, 40)) * MS
        message = UncheckedTrajectory(start_ns, NAMES, [0, 100 * MS, 200 * MS], rows)
        history.add_trajectory(message, now_ns)
        arm.accept_trajectory(message, now_ns)
        for _ in range(8):
            now_ns += 10 * MS
            assert np.allclose(arm.step(now_ns).positions, history.at(now_ns), atol=2e-3)
