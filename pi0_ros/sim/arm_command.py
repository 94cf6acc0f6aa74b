"""What an arm's controllers accept as a command, and what they refuse."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray, frozen
from pi0_ros.core.errors import InputRefused

_RESTING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class UncheckedTrajectory:
    """A trajectory as a message brings it.

    Attributes:
        start_ns: the message's stamp; 0 means now.
        joint_names: the message's joints, in its own order.
        times_from_start_ns, positions: one entry per point.
        velocities, accelerations: one entry per point; None, or nothing but empty entries, where
            the message gives none.
    """

    start_ns: int
    joint_names: Sequence[str]
    times_from_start_ns: Sequence[int]
    positions: Sequence[Sequence[float]]
    velocities: Sequence[Sequence[float]] | None = None
    accelerations: Sequence[Sequence[float]] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TrajectoryCommand:
    """A checked trajectory in the arm's joint order.

    Attributes:
        times_ns: absolute times of the points, int64, shape (n,), strictly rising.
        positions: rad, shape (n, joints).
        velocities, accelerations: rad/s and rad/s2, shape (n, joints), or None.
    """

    times_ns: NDArray[np.int64]
    positions: FloatArray
    velocities: FloatArray | None
    accelerations: FloatArray | None


def checked_trajectory(
    arm_joints: Sequence[str], trajectory: UncheckedTrajectory, now_ns: int
) -> TrajectoryCommand:
    """Checks a trajectory as joint_trajectory_controller does.

    Args:
        arm_joints: the arm's joints; the result follows their order.

    Raises:
        InputRefused: kind "joint doubled", "joint unknown", "joint missing", "empty", "size",
            "not finite", "time order", "stamp", "in the past" or "end velocity".
    """
    columns = _columns(arm_joints, trajectory.joint_names)
    start_ns, points = trajectory.start_ns, len(trajectory.times_from_start_ns)
    if points == 0:
        raise InputRefused("empty", "trajectory: expected at least one point, got none")
    q = _table("positions", trajectory.positions, points, columns, arm_joints)
    v = _optional_table("velocities", trajectory.velocities, points, columns, arm_joints)
    a = _optional_table("accelerations", trajectory.accelerations, points, columns, arm_joints)
    if a is not None and v is None:
        raise InputRefused("size", "trajectory: accelerations without velocities")
    if start_ns < 0:
        raise InputRefused("stamp", f"trajectory: stamp must not be negative, got {start_ns} ns")
    times = [int(time) for time in trajectory.times_from_start_ns]
    if times[0] < 0 or any(late <= early for early, late in pairwise(times)):
        raise InputRefused(
            "time order",
            "trajectory: time_from_start must start at 0 or later and rise strictly, "
            f"got {[round(time * 1e-9, 6) for time in times[:8]]} s …",
        )
    begin = start_ns or now_ns
    if begin + times[-1] < now_ns:
        raise InputRefused(
            "in the past",
            f"trajectory: ended {(now_ns - begin - times[-1]) * 1e-9:.3f} s ago; "
            "check the clocks and the stamp",
        )
    if v is not None:
        moving = np.flatnonzero(np.abs(v[-1]) > _RESTING)
        if moving.size:
            joint = arm_joints[int(moving[0])]
            raise InputRefused(
                "end velocity",
                f"trajectory: must end at rest, {joint} ends at {v[-1, moving[0]]:.4f} rad/s",
            )
    return TrajectoryCommand(np.array(times, dtype=np.int64) + begin, q, v, a)


def checked_positions(arm_joints: Sequence[str], values: Sequence[float]) -> FloatArray:
    """Checks a target as forward_command_controller does: one finite value per joint.

    Raises:
        InputRefused: kind "size" or "not finite".
    """
    if len(values) != len(arm_joints):
        raise InputRefused(
            "size", f"commands: expected {len(arm_joints)} positions, got {len(values)}"
        )
    target = frozen(values)
    _require_finite("commands", target[None], arm_joints)
    return target


def _columns(arm_joints: Sequence[str], joint_names: Sequence[str]) -> list[int]:
    """For each of the arm's joints its column in the message."""
    names = list(joint_names)
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise InputRefused("joint doubled", f"trajectory: {', '.join(doubled)} more than once")
    unknown = sorted(set(names) - set(arm_joints))
    if unknown:
        raise InputRefused(
            "joint unknown",
            f"trajectory: no joint {', '.join(unknown)}; the arm has {', '.join(arm_joints)}",
        )
    missing = [name for name in arm_joints if name not in names]
    if missing:
        raise InputRefused("joint missing", f"trajectory: {', '.join(missing)} missing")
    return [names.index(name) for name in arm_joints]


def _table(
    what: str,
    rows: Sequence[Sequence[float]],
    points: int,
    columns: Sequence[int],
    arm_joints: Sequence[str],
) -> FloatArray:
    sizes = sorted({len(row) for row in rows})
    if len(rows) != points or sizes != [len(columns)]:
        raise InputRefused(
            "size",
            f"trajectory: expected {points} points of {len(columns)} {what}, "
            f"got {len(rows)} of {' and '.join(str(size) for size in sizes)}",
        )
    table = np.array([list(row) for row in rows], dtype=np.float64)
    _require_finite(f"trajectory: {what}", table[:, columns], arm_joints)
    return table[:, columns]


def _optional_table(
    what: str,
    rows: Sequence[Sequence[float]] | None,
    points: int,
    columns: Sequence[int],
    arm_joints: Sequence[str],
) -> FloatArray | None:
    if rows is None or all(len(row) == 0 for row in rows):
        return None
    return _table(what, rows, points, columns, arm_joints)


def _require_finite(what: str, table: FloatArray, names: Sequence[str]) -> None:
    bad = np.argwhere(~np.isfinite(table))
    if bad.size:
        row, column = bad[0]
        raise InputRefused(
            "not finite",
            f"{what}: point {row}, {names[int(column)]} is {table[row, column]}",
        )
