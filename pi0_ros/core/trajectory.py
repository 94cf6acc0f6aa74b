"""Positions against absolute time: what the controller sends and the arm's side samples."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray, frozen
from pi0_ros.core.errors import InputRefused


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """A piecewise linear curve through joint space.

    Attributes:
        times_ns: shape (n,), int64, ROS time, strictly rising.
        positions: shape (n, joints), rad or m.
    """

    times_ns: NDArray[np.int64]
    positions: FloatArray

    def __post_init__(self) -> None:
        times = np.array(self.times_ns, dtype=np.int64)
        times.setflags(write=False)
        positions = frozen(self.positions)
        if times.ndim != 1 or times.size < 1 or positions.shape[:1] != times.shape:
            raise InputRefused(
                "shape",
                f"trajectory: {times.shape} times for positions of shape {positions.shape}",
            )
        if not bool(np.all(np.diff(times) > 0)):
            raise InputRefused("time order", "trajectory: times must rise strictly")
        object.__setattr__(self, "times_ns", times)
        object.__setattr__(self, "positions", positions)

    def sample(self, time_ns: int) -> FloatArray:
        """Joint positions at `time_ns`, shape (joints,); held outside the curve's time."""
        index = int(np.searchsorted(self.times_ns, time_ns, side="right"))
        left: FloatArray = self.positions[max(index - 1, 0)]
        right: FloatArray = self.positions[min(index, self.times_ns.size - 1)]
        if index in (0, self.times_ns.size):
            return left
        before, after = int(self.times_ns[index - 1]), int(self.times_ns[index])
        return left + (time_ns - before) / (after - before) * (right - left)
