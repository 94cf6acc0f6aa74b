"""Commands an arm's controllers refuse, each by its kind, and the ones they take."""

from typing import Any

import numpy as np
import pytest

from pi0_ros.core.errors import InputRefused
from pi0_ros.sim.arm_command import (
    TrajectoryCommand,
    UncheckedTrajectory,
    checked_positions,
    checked_trajectory,
)

JOINTS = ("a", "b", "c")
NOW_NS = 1_700_000_000_000_000_000
NAN, INF = float("nan"), float("inf")


def _check(now_ns: int = NOW_NS, **changes: Any) -> TrajectoryCommand:
    message: dict[str, Any] = {
        "start_ns": NOW_NS,
        "joint_names": JOINTS,
        "times_from_start_ns": [10_000_000, 20_000_000],
        "positions": [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]],
    }
    return checked_trajectory(JOINTS, UncheckedTrajectory(**(message | changes)), now_ns)


REST = [[0.1, 0.1, 0.1], [0.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("joint missing", {"joint_names": ["a", "b"]}),
        ("joint missing", {"joint_names": []}),
        ("joint unknown", {"joint_names": ["a", "b", "c", "d"]}),
        ("joint doubled", {"joint_names": ["a", "b", "b"]}),
        ("empty", {"times_from_start_ns": [], "positions": []}),
        ("size", {"positions": [[0.1, 0.2, 0.3]]}),
        ("size", {"positions": [[0.1, 0.2, 0.3], [0.4, 0.5]]}),
        ("size", {"positions": [[], []]}),
        ("size", {"velocities": [[0.0, 0.0, 0.0], []]}),
        ("size", {"velocities": REST, "accelerations": [[0.0] * 2] * 2}),
        ("size", {"accelerations": REST}),
        ("not finite", {"positions": [[0.1, NAN, 0.3], [0.4, 0.5, 0.6]]}),
        ("not finite", {"velocities": [[INF, 0.0, 0.0], [0.0, 0.0, 0.0]]}),
        ("not finite", {"velocities": REST, "accelerations": [[0.0] * 3, [0.0, 0.0, NAN]]}),
        ("time order", {"times_from_start_ns": [20_000_000, 20_000_000]}),
        ("time order", {"times_from_start_ns": [20_000_000, 10_000_000]}),
        ("time order", {"times_from_start_ns": [-1, 10_000_000]}),
        ("stamp", {"start_ns": -1}),
        ("in the past", {"now_ns": NOW_NS + 20_000_001}),
        ("end velocity", {"velocities": [[0.0] * 3, [0.0, 0.1, 0.0]]}),
    ],
)
def test_a_bad_trajectory_is_refused_by_kind(kind: str, changes: dict[str, Any]) -> None:
    with pytest.raises(InputRefused) as refusal:
        _check(**changes)
    assert refusal.value.kind == kind
    assert str(refusal.value).startswith("trajectory: ")


def test_the_refusal_names_the_joint() -> None:
    with pytest.raises(InputRefused, match=r"point 1, c is nan"):
        _check(positions=[[0.1, 0.2, 0.3], [NAN, 0.5, 0.6]], joint_names=["c", "a", "b"])
    with pytest.raises(InputRefused, match=r"b ends at 0\.1"):
        _check(velocities=[[0.0] * 3, [0.0, 0.1, 0.0]])


def test_columns_are_taken_by_name() -> None:
    command = _check(
        joint_names=["c", "a", "b"],
        velocities=[[3.0, 1.0, 2.0], [0.0] * 3],
        accelerations=[[6.0, 4.0, 5.0], [0.0] * 3],
    )
    np.testing.assert_array_equal(command.positions, [[0.2, 0.3, 0.1], [0.5, 0.6, 0.4]])
    assert command.velocities is not None
    np.testing.assert_array_equal(command.velocities[0], [1.0, 2.0, 3.0])
    assert command.accelerations is not None
    np.testing.assert_array_equal(command.accelerations[0], [4.0, 5.0, 6.0])


def test_points_without_velocities_are_as_good_as_none() -> None:
    command = _check(velocities=[[], []], accelerations=[[], []])
    assert command.velocities is None
    assert command.accelerations is None


def test_a_zero_stamp_means_now_and_a_trajectory_ending_now_is_taken() -> None:
    later = NOW_NS + 5
    assert _check(start_ns=0, now_ns=later).times_ns.tolist() == [
        later + 10_000_000,
        later + 20_000_000,
    ]
    assert _check(now_ns=NOW_NS + 20_000_000).times_ns[-1] == NOW_NS + 20_000_000


@pytest.mark.parametrize(
    ("kind", "values"),
    [("size", [0.1, 0.2]), ("size", [0.0] * 4), ("size", []), ("not finite", [0.0, INF, 0.0])],
)
def test_a_bad_position_command_is_refused_by_kind(kind: str, values: list[float]) -> None:
    with pytest.raises(InputRefused) as refusal:
        checked_positions(JOINTS, values)
    assert refusal.value.kind == kind


def test_a_position_command_is_taken_as_it_is() -> None:
    np.testing.assert_array_equal(checked_positions(JOINTS, [0.1, 0.2, 0.3]), [0.1, 0.2, 0.3])
