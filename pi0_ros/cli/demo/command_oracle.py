"""Judges what was sent to the arm by the messages alone, without trusting whoever sent them.

A message replaces, from the time of its first point on, what earlier ones had planned. So the arm
plays a curve made of pieces of many messages, and the limits must hold on every piece and across
every seam, also on the part that a later message replaced: it would have been played, had the
sender died.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.limits import ArmLimits

# Rounding of positions to float64 and of times to nanoseconds.
_RELATIVE_TOLERANCE = 1e-6
# Every violation of a broken limiter would be thousands; the first ones tell the story.
_MAX_VIOLATIONS = 20


@dataclass(frozen=True, slots=True)
class Violation:
    """One limit broken.

    Attributes:
        time_s: ROS time of the offending point.
        joint: its name.
        quantity: "position", "velocity", "acceleration", "finite" or "rest".
        value, limit: in rad, rad/s or rad/s2.
    """

    time_s: float
    joint: str
    quantity: str
    value: float
    limit: float

    def __str__(self) -> str:
        return (
            f"{self.joint}: {self.quantity} {self.value:.6g} beyond its limit {self.limit:.6g} "
            f"at {self.time_s:.3f} s"
        )


class CommandOracle:
    """Composes the curve message by message and keeps the largest values found.

    Attributes:
        limits: columns of all messages are in the order of its joints.
        messages: judged so far.
        peak_velocity, peak_acceleration: largest magnitudes on the curve that was played, shape
            (joints,), since the last `restart_peaks`.
        violations: the first ones, anywhere.
    """

    def __init__(self, limits: ArmLimits, step_ns: int, from_rest: bool = True) -> None:
        """
        Args:
            step_ns: period of the controller that sends.
            from_rest: whether the first message is the first one ever sent. Where the oracle
                joins in mid-motion, the arm's speed before is unknown.
        """
        self.limits = limits
        self.messages = 0
        self.violations: list[Violation] = []
        self._step_ns = step_ns
        self._from_rest = from_rest
        self._times: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._rows: FloatArray = np.zeros((0, limits.joints))
        self.restart_peaks()

    def restart_peaks(self) -> None:
        self.peak_velocity: FloatArray = np.zeros(self.limits.joints)
        self.peak_acceleration: FloatArray = np.zeros(self.limits.joints)

    def add_trajectory(self, times_ns: NDArray[np.int64], positions: FloatArray) -> None:
        """Takes a message of a joint trajectory controller.

        Args:
            times_ns: absolute ROS time of each point, rising.
            positions: shape (points, joints).
        """
        if self._splice(times_ns, positions) and len(positions) > 1:
            self._check_rest(times_ns, positions)

    def add_position(self, positions: FloatArray) -> None:
        """Takes a command of a forward position controller: one step after the previous one."""
        next_ns = int(self._times[-1]) + self._step_ns if len(self._times) else 0
        self._splice(np.array([next_ns], dtype=np.int64), positions[np.newaxis, :])

    def _splice(self, times_ns: NDArray[np.int64], positions: FloatArray) -> bool:
        self.messages += 1
        finite = np.isfinite(positions).all(axis=0)
        if not bool(finite.all()):
            self._note(int(times_ns[0]), int(np.argmin(finite)), "finite", float("nan"), 0.0)
            return False
        past_times, past_rows = self._played_before(int(times_ns[0]), positions[0])
        self._note_peaks(
            np.append(past_times, times_ns[0]), np.concatenate([past_rows, positions[:1]])
        )
        # Two points suffice for a second difference at the seam.
        self._times = np.concatenate([past_times[-2:], times_ns])
        self._rows = np.concatenate([past_rows[-2:], positions])
        self._check()
        return True

    def _played_before(
        self, start_ns: int, first: FloatArray
    ) -> tuple[NDArray[np.int64], FloatArray]:
        """The curve so far up to `start_ns`, without it."""
        earlier = self._times < start_ns
        times, rows = self._times[earlier], self._rows[earlier]
        before = np.array([start_ns - self._step_ns], dtype=np.int64)
        if self.messages == 1 and self._from_rest:
            return before, first[np.newaxis, :]
        if bool(earlier.all()) and len(times) and times[-1] < before[0]:
            # The curve had ended, at rest, and was held until now.
            return np.append(times, before), np.concatenate([rows, rows[-1:]])
        return times, rows

    @staticmethod
    def _derivatives(times: NDArray[np.int64], rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Velocity of each segment and acceleration at each inner point.

        On an even grid the acceleration is the second difference over dt^2; where steps differ,
        the shorter one counts, which is the stricter reading.
        """
        steps = np.diff(times) / 1e9
        velocity = np.diff(rows, axis=0) / steps[:, np.newaxis]
        shorter = np.minimum(steps[1:], steps[:-1])
        return velocity, np.diff(velocity, axis=0) / shorter[:, np.newaxis]

    def _note_peaks(self, times: NDArray[np.int64], rows: FloatArray) -> None:
        """Only what no later message can replace counts as a peak."""
        velocity, acceleration = self._derivatives(times, rows)
        if len(velocity):
            self.peak_velocity = np.maximum(self.peak_velocity, np.abs(velocity).max(axis=0))
        if len(acceleration):
            self.peak_acceleration = np.maximum(
                self.peak_acceleration, np.abs(acceleration).max(axis=0)
            )

    def _check(self) -> None:
        times, limits = self._times, self.limits
        velocity, acceleration = self._derivatives(times, self._rows)
        self._compare(times, self._rows, limits.upper, "position")
        self._compare(times, -self._rows, -limits.lower, "position")
        self._compare(times[1:], np.abs(velocity), limits.velocity, "velocity")
        self._compare(times[1:-1], np.abs(acceleration), limits.acceleration, "acceleration")

    def _check_rest(self, times_ns: NDArray[np.int64], positions: FloatArray) -> None:
        """A message ends at rest: stopping after its last segment takes at most one step."""
        steps = np.diff(times_ns) / 1e9
        stopping = np.abs(positions[-1] - positions[-2]) / steps[-1] ** 2
        self._compare(times_ns[-1:], stopping[np.newaxis, :], self.limits.acceleration, "rest")

    def _compare(
        self, times: NDArray[np.int64], values: FloatArray, limit: FloatArray, quantity: str
    ) -> None:
        allowed = limit + _RELATIVE_TOLERANCE * np.abs(limit)
        # Not `values > allowed`: that would let NaN through.
        for point, joint in np.argwhere(~(values <= allowed)).tolist():
            self._note(
                int(times[point]), joint, quantity, float(values[point, joint]), float(limit[joint])
            )

    def _note(self, time_ns: int, joint: int, quantity: str, value: float, limit: float) -> None:
        if len(self.violations) < _MAX_VIOLATIONS:
            name = self.limits.joint_names[joint]
            self.violations.append(Violation(time_ns / 1e9, name, quantity, value, limit))
