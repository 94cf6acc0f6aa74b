"""The curve a chunk stands for, and how fast it may be played.

The rows are the control points of a uniform cubic B-spline. Its velocity never exceeds that of the
row differences and its acceleration never that of the second differences (straight lines between
rows would put each change of speed into a single control tick, at a multiple of it), and it passes
each row at a sixth of the row's second difference.

Learned chunks jitter from row to row. Jitter of some milliradians carries no intention, yet its
second differences ask for many times what an arm can do, and slowing down by that would slow
nearly every chunk. So rows that ask for too much are first made smooth, by no more than a
tolerance; what is still too much after that is motion, and is slowed down.
"""

import numpy as np

from pi0_ros.core.arrays import FloatArray, frozen
from pi0_ros.core.limits import ArmLimits

# Binomial passes after which jitter is gone; more would only cut corners.
_SMOOTHING_PASSES = 10


def slow_down_factor(limits: ArmLimits, step_s: float, rows: FloatArray) -> float:
    """How much slower `rows` must be played for every joint to keep its speed and acceleration.

    One factor for all joints keeps the path in joint space:
    s = max(1, max|dq| / (v dt), sqrt(max|d2q| / (a dt^2))).

    Args:
        step_s: time between rows.
        rows: positions, shape (rows, joints).
    """
    if len(rows) < 2:
        return 1.0
    speed = np.abs(np.diff(rows, axis=0)) / (limits.velocity * step_s)
    strain = _strain(limits, step_s, rows)
    return max(1.0, float(speed.max()), float(np.sqrt(strain.max())))


def smoothed(limits: ArmLimits, step_s: float, rows: FloatArray, tolerance: float) -> FloatArray:
    """`rows` with jitter taken out of those joints whose acceleration is above the limit.

    Every row stays within `tolerance` of where it was; the first and the last stay in place.

    Args:
        step_s: time between rows.
        rows: positions, shape (rows, joints); not changed.
        tolerance: rad (or m); 0 changes nothing.
    """
    smooth = rows
    for _ in range(_SMOOTHING_PASSES):
        strained = _strain(limits, step_s, smooth) > 1.0
        if not strained.any():
            break
        softer = smooth.copy()
        softer[1:-1] += 0.25 * np.diff(smooth, n=2, axis=0)
        near = np.abs(softer - rows).max(axis=0) <= tolerance
        if not (strained & near).any():
            break
        smooth = np.where(strained & near, softer, smooth)
    return smooth


def _strain(limits: ArmLimits, step_s: float, rows: FloatArray) -> FloatArray:
    """Largest |d2q| of each joint over what its limit allows in a step, shape (joints,)."""
    second = np.abs(np.diff(rows, n=2, axis=0)).max(axis=0, initial=0.0)
    strain: FloatArray = second / (limits.acceleration * step_s**2)
    return strain


class ChunkCurve:
    """A smooth curve along rows, from the first to the last of them."""

    def __init__(self, rows: FloatArray) -> None:
        """
        Args:
            rows: control points, shape (rows, joints), one unit of the curve's parameter apart.
        """
        self._last = len(rows) - 1
        # Going straight on at both ends makes the curve begin and end on a row.
        before = 2.0 * rows[0] - rows[min(1, self._last)]
        after = 2.0 * rows[-1] - rows[max(self._last - 1, 0)]
        self._points = frozen(np.vstack([before, rows, after, after]))

    def at(self, row: FloatArray) -> FloatArray:
        """Positions at fractional row numbers, shape (len(row), joints); held beyond the ends."""
        row = np.clip(row, 0.0, self._last)
        below = row.astype(np.intp)
        u = (row - below)[:, np.newaxis]
        v = 1.0 - u
        points = self._points
        positions: FloatArray = (
            v**3 * points[below]
            + (4.0 - 3.0 * u * u * (1.0 + v)) * points[below + 1]
            + (4.0 - 3.0 * v * v * (1.0 + u)) * points[below + 2]
            + u**3 * points[below + 3]
        ) / 6.0
        return positions
