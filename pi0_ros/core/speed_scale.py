"""How fast time in a chunk runs, and how that changes without a jolt."""

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import ConfigurationError

# Slow enough that the change itself asks for little acceleration: an arm at v is slowed by v/s.
_CHANGE_PER_S = 1.0


class SpeedScale:
    """A clock for chunks that runs at `target` times the speed of time.

    A new target is approached along a straight line, so that the path is kept while the arm
    changes its speed. Times are ROS time in ns.

    Attributes:
        target: what is asked for, above 0, at most 1.
    """

    def __init__(self, scale: float = 1.0) -> None:
        """
        Raises:
            ConfigurationError: `scale` is not above 0 and at most 1.
        """
        self.target = _checked(scale)
        self.settle(0)

    def settle(self, time_ns: int) -> None:
        """The target is in force at once: nothing that moves has to be slowed down first."""
        self._from_ns, self._played_ns, self._start = time_ns, 0.0, self.target

    def change(self, scale: float, time_ns: int) -> None:
        """Begins to approach `scale` at `time_ns`, the first instant that is not decided yet.

        Raises:
            ConfigurationError: `scale` is not above 0 and at most 1.
        """
        checked = _checked(scale)
        times = np.array([time_ns], dtype=np.int64)
        played, start = self.played_ns(times)[0], self.at(times)[0]
        self._from_ns, self._played_ns, self._start = time_ns, float(played), float(start)
        self.target = checked

    def at(self, times_ns: NDArray[np.int64]) -> FloatArray:
        """The scale in force at each time, shape (times,)."""
        changing_s = np.maximum(0, times_ns - self._from_ns) / 1e9
        low, high = sorted((self._start, self.target))
        slope = np.copysign(_CHANGE_PER_S, self.target - self._start)
        scale: FloatArray = np.clip(self._start + slope * changing_s, low, high)
        return scale

    def played_ns(self, times_ns: NDArray[np.int64]) -> FloatArray:
        """The integral of the scale up to each time, from an arbitrary zero, ns, shape (times,).

        Before the newest change it goes on backwards at the scale from which the change began.
        """
        since_ns = (times_ns - self._from_ns).astype(np.float64)
        end_ns = abs(self.target - self._start) / _CHANGE_PER_S * 1e9
        changing_ns = np.clip(since_ns, 0.0, end_ns)
        before_ns, after_ns = np.minimum(since_ns, 0.0), np.maximum(since_ns - end_ns, 0.0)
        mean = 0.5 * (self._start + self.at(self._from_ns + changing_ns.astype(np.int64)))
        played: FloatArray = (
            self._played_ns + self._start * before_ns + mean * changing_ns + self.target * after_ns
        )
        return played


def _checked(scale: float) -> float:
    if not 0.0 < scale <= 1.0:
        raise ConfigurationError(f"speed_scale must be above 0 and at most 1, got {scale}")
    return scale
