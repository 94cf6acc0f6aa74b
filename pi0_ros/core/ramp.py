"""A rate that changes without a jolt, and what it adds up to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray

# Of full speed. Slow enough that the change itself asks for little acceleration: an arm at v is
# slowed by v/s.
CHANGE_PER_S = 1.0


@dataclass(frozen=True, slots=True)
class Ramp:
    """From `start` at `from_ns` along a straight line to `target`, which then stays.

    Before `from_ns` the rate is `start`. Times are ROS time in ns.

    Attributes:
        per_s: how much it changes in a second, above 0.
    """

    from_ns: int
    start: float
    target: float
    per_s: float = CHANGE_PER_S

    def at(self, times_ns: NDArray[np.int64]) -> FloatArray:
        """The rate at each time, shape (times,)."""
        changing_s = np.maximum(0, times_ns - self.from_ns) / 1e9
        low, high = sorted((self.start, self.target))
        slope = np.copysign(self.per_s, self.target - self.start)
        rate: FloatArray = np.clip(self.start + slope * changing_s, low, high)
        return rate

    def passed_ns(self, times_ns: NDArray[np.int64]) -> FloatArray:
        """The rate's integral from `from_ns` to each time, ns, shape (times,); negative before."""
        since_ns = (times_ns - self.from_ns).astype(np.float64)
        end_ns = abs(self.target - self.start) / self.per_s * 1e9
        changing_ns = np.clip(since_ns, 0.0, end_ns)
        before_ns, after_ns = np.minimum(since_ns, 0.0), np.maximum(since_ns - end_ns, 0.0)
        mean = 0.5 * (self.start + self.at(self.from_ns + changing_ns.astype(np.int64)))
        passed: FloatArray = self.start * before_ns + mean * changing_ns + self.target * after_ns
        return passed
