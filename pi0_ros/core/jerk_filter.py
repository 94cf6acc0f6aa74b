"""A moving average over what is planned, which bounds the jerk of what is played.

With f_k the mean of the n rows r_{k-n+1}..r_k, one tick dt apart:

- f is a mean of rows, and its differences and second differences are means of theirs, so that
  limits on position, velocity and acceleration which the rows keep are kept by f;
- the third difference telescopes to (d2r_k - d2r_{k-n}) / n, and both terms are at most a dt^2, so
  |d3f| <= 2 a dt^2 / n, which is a jerk of 2 a / (n dt);
- f_k depends on no row after r_k, so that what is promised of r is promised of f, and f comes to
  rest n - 1 ticks after r does, where r rests. It runs (n - 1) dt / 2 behind r.

One n serves all joints: their path in joint space is then delayed and not bent.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.motion_plan import MotionPlan

# A longer average would let an arm come to rest so much later than it was told.
MAX_LENGTH_S = 1.0


def filter_ticks(limits: ArmLimits, dt_s: float) -> int:
    """The fewest ticks to average over for every joint to keep its jerk limit; 1 without any.

    Raises:
        ConfigurationError: that takes over a second.
    """
    needed = 2.0 * limits.acceleration / (limits.jerk * dt_s)
    slowest = int(np.argmax(needed))
    # A limit that a whole number of ticks meets exactly must not take one more for rounding.
    ticks = max(1, ceil(float(needed[slowest]) * (1.0 - 1e-12)))
    if ticks > 1 and ticks * dt_s > MAX_LENGTH_S:
        least = 2.0 * limits.acceleration[slowest] / MAX_LENGTH_S
        raise ConfigurationError(
            f"joint_limits.{limits.joint_names[slowest]}.max_jerk must be at least {least:g}, "
            f"twice max_acceleration per second, got {limits.jerk[slowest]:g}: "
            f"the arm would come to rest over {MAX_LENGTH_S:g} s late"
        )
    return ticks


@dataclass(frozen=True, slots=True, eq=False)
class FilteredPlan:
    """A plan as it is played; with one tick it is the plan itself.

    Attributes:
        plan: at rest before its first row, which is so in the filter's memory, too.
        ticks: how many rows are averaged.
    """

    plan: MotionPlan
    ticks: int

    @property
    def last(self) -> int:
        """From this tick on the arm is at rest."""
        return self.plan.last + self.ticks - 1

    def between(self, start: int, stop: int) -> FloatArray:
        """Rows of ticks start..stop, both included, shape (stop - start + 1, joints)."""
        if self.ticks == 1:
            return self.plan.between(start, stop)
        rows = self.plan.between(start - self.ticks + 1, stop)
        windows = np.lib.stride_tricks.sliding_window_view(rows, self.ticks, axis=0)
        # Rounding must neither carry a mean beyond its rows nor make a joint at rest creep.
        mean: FloatArray = np.clip(windows.mean(axis=-1), windows.min(-1), windows.max(-1))
        return mean

    def position(self, tick: int) -> FloatArray:
        position: FloatArray = self.between(tick, tick)[0]
        return position

    def at_rest_from(self, tick: int) -> bool:
        """Whether nothing moves any more from `tick` on, in the filter's memory included."""
        return self.plan.at_rest_from(tick - self.ticks + 1)
