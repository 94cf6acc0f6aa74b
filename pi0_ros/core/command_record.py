"""What was commanded since activation, tick by tick."""

import numpy as np

from pi0_ros.core.arrays import FloatArray

# Smaller changes of a command are rounding, not limiting.
_LIMITED_RAD = 1e-6


class CommandRecord:
    """Peaks, limiter activity and timing; `take_timing` empties the timing."""

    def __init__(self, joints: int) -> None:
        self.velocity: FloatArray = np.zeros(joints)
        self.acceleration: FloatArray = np.zeros(joints)
        self.peak_velocity: FloatArray = np.zeros(joints)
        self.peak_acceleration: FloatArray = np.zeros(joints)
        self.displacement: FloatArray = np.zeros(joints)
        self.limited_ticks = np.zeros(joints, dtype=np.int64)
        self._tick_periods_s: list[float] = []
        self._action_ages_s: list[float] = []
        self._last_tick_ns: int | None = None

    def commanded(self, rows: FloatArray, dt_s: float) -> None:
        """Rows that can no longer be changed, preceded by the two before them."""
        velocities = np.diff(rows, axis=0) / dt_s
        accelerations = np.diff(velocities, axis=0) / dt_s
        self.velocity = velocities[-1]
        self.acceleration = accelerations[-1]
        self.peak_velocity = np.maximum(self.peak_velocity, np.abs(velocities[1:]).max(axis=0))
        self.peak_acceleration = np.maximum(
            self.peak_acceleration, np.abs(accelerations).max(axis=0)
        )

    def followed(self, wanted: FloatArray, commanded: FloatArray) -> None:
        """Where the chunk asked a joint to be, and where it was sent."""
        self.displacement = np.abs(wanted - commanded)
        self.limited_ticks += self.displacement > _LIMITED_RAD

    def ticked(self, steady_ns: int, action_age_s: float | None) -> None:
        if self._last_tick_ns is not None:
            self._tick_periods_s.append((steady_ns - self._last_tick_ns) / 1e9)
        self._last_tick_ns = steady_ns
        if action_age_s is not None:
            self._action_ages_s.append(action_age_s)

    def take_timing(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Tick periods and action ages since the last call."""
        timing = tuple(self._tick_periods_s), tuple(self._action_ages_s)
        self._tick_periods_s.clear()
        self._action_ages_s.clear()
        return timing
