"""Whether commands ask an arm for more speed than it has."""

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.limits import ArmLimits

_TOLERANCE = 1e-6


class SpeedWatch:
    """Counts, per joint, the commands that were too fast.

    Args:
        limits: whose velocities are judged against.
        command_period_s: usual time between two position targets.
    """

    def __init__(self, limits: ArmLimits, command_period_s: float) -> None:
        self._velocity = limits.velocity
        self._period_s = command_period_s
        self._violations = np.zeros(limits.joints, dtype=np.int64)
        self._excess = np.zeros(limits.joints)
        self._last_ns: int | None = None

    @property
    def violations(self) -> NDArray[np.int64]:
        """Counts so far, shape (joints,)."""
        return self._violations.copy()

    def judge_speed(self, speeds: FloatArray) -> None:
        """Judges the speeds of a curve, rad/s, shape (joints,)."""
        self._violations += np.abs(speeds) > self._velocity * (1.0 + _TOLERANCE)

    def judge_jump(self, distance: FloatArray, duration_s: float) -> None:
        """Judges a way, rad, to be gone in `duration_s`."""
        self.judge_speed(distance / duration_s)

    def judge_target(self, previous: FloatArray, target: FloatArray, now_ns: int) -> None:
        """Judges a new position target, rad, shape (joints,).

        Targets come with jitter: one that is early asks for the same way in less time and is
        no fault. So the way is held against the time since the last target, at most two periods
        of it, and what is too much is carried over; a period's worth of it is a violation.
        """
        since = 2.0 * self._period_s
        if self._last_ns is not None:
            since = min(since, (now_ns - self._last_ns) * 1e-9)
        self._last_ns = now_ns
        allowance = self._velocity * self._period_s
        excess = np.maximum(0.0, self._excess + np.abs(target - previous) - self._velocity * since)
        self._violations += excess > allowance * (1.0 + _TOLERANCE)
        self._excess = np.minimum(excess, allowance)

    def forget(self) -> None:
        """Starts over after a jump of the clock; the counts stay."""
        self._last_ns = None
        self._excess = np.zeros_like(self._excess)
