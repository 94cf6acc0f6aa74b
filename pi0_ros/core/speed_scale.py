"""The share of its speed that the arm may use, as the operator sets it."""

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.ramp import Ramp


class SpeedScale:
    """Approaches what was asked for along a straight line. Times are ROS time in ns.

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
        self._ramp = Ramp(time_ns, self.target, self.target)

    def change(self, scale: float, time_ns: int) -> None:
        """Begins to approach `scale` at `time_ns`, the first instant that is not decided yet.

        Raises:
            ConfigurationError: `scale` is not above 0 and at most 1.
        """
        self.target = _checked(scale)
        start = float(self.at(np.array([time_ns], dtype=np.int64))[0])
        self._ramp = Ramp(time_ns, start, self.target)

    def at(self, times_ns: NDArray[np.int64]) -> FloatArray:
        """The scale in force at each time, shape (times,)."""
        return self._ramp.at(times_ns)


def _checked(scale: float) -> float:
    if not 0.0 < scale <= 1.0:
        raise ConfigurationError(f"speed_scale must be above 0 and at most 1, got {scale}")
    return scale
