"""The command side of every simulated arm: what ros2_control's controllers make of messages."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pi0_ros.core.arrays import FloatArray, frozen
from pi0_ros.core.errors import ConfigurationError, InputRefused
from pi0_ros.core.limits import ArmLimits
from pi0_ros.sim.arm_command import UncheckedTrajectory, checked_positions, checked_trajectory
from pi0_ros.sim.desired_curve import (
    ORDER,
    DesiredCurve,
    DesiredState,
    derivative,
    evaluated,
    held,
    taken_over,
    through,
)
from pi0_ros.sim.speed_watch import SpeedWatch

NS = 1e-9
# The drive looks at its command this often, on a grid of absolute time, so that the motion does
# not depend on when `step` is called.
SERVO_PERIOD_NS = 5_000_000
_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class ArmState:
    """What the arm measures at `stamp_ns`: rad and rad/s, each of shape (joints,), read-only."""

    stamp_ns: int
    positions: FloatArray
    velocities: FloatArray


class CommandedArm(ABC):
    """Keeps the curve that the arm was told to follow, and counts where it asks too much.

    How the arm follows is the subclass's matter. Pure: time comes in as an argument.

    Args:
        limits: of the arm itself; accelerations are not limited here.
        start: positions to start from, shape (joints,), rad, within limits.
        command_period_s: how fast `accept_positions` targets are expected; each is approached
            linearly over one period, as drives in interpolated position mode do.
        interpolate_from_desired_state: where a trajectory that is still to begin is reached from:
            what is desired then, or, where false, what is measured.
        called: what errors call the arm.

    Raises:
        ConfigurationError: a value cannot work.
    """

    def __init__(
        self,
        limits: ArmLimits,
        start: ArrayLike,
        command_period_s: float,
        interpolate_from_desired_state: bool,
        called: str,
    ) -> None:
        positions = frozen(start)
        if positions.shape != (limits.joints,):
            raise ConfigurationError(
                f"{called}: expected {limits.joints} initial positions, got shape {positions.shape}"
            )
        for index, name in enumerate(limits.joint_names):
            if not limits.lower[index] <= positions[index] <= limits.upper[index]:
                raise ConfigurationError(
                    f"{called}: initial position of {name}, {positions[index]}, must be within "
                    f"{limits.lower[index]} and {limits.upper[index]}"
                )
        if not 0.0 < command_period_s < float("inf"):
            raise ConfigurationError(
                f"{called}: command_period_s must be above 0, got {command_period_s}"
            )
        self._limits = limits
        self._command_period_ns = max(1, round(command_period_s / NS))
        self._from_desired = interpolate_from_desired_state
        self._now_ns: int | None = None
        self._settled_ns = 0
        self._watch = SpeedWatch(limits, command_period_s)
        self._stop_violations = np.zeros(limits.joints, dtype=np.int64)
        self._clock_resets = 0
        self._follow(held(positions, 0), judged=True)

    @property
    def joint_names(self) -> tuple[str, ...]:
        return self._limits.joint_names

    @property
    def speed_violations(self) -> Mapping[str, int]:
        """Joint -> how often its command was faster than its velocity limit.

        Counted per servo period for trajectories, per command for positions.
        """
        return self._by_joint(self._watch.violations)

    @property
    def stop_violations(self) -> Mapping[str, int]:
        """Joint -> servo periods in which its command was beyond its position limits."""
        return self._by_joint(self._stop_violations)

    @property
    def limit_violations(self) -> Mapping[str, int]:
        """Joint -> violations of either kind."""
        return self._by_joint(self._watch.violations + self._stop_violations)

    @property
    def clock_resets(self) -> int:
        """How often time went backwards or was set; each time the command was dropped."""
        return self._clock_resets

    def set_clock(self, now_ns: int) -> None:
        """The clock was set to `now_ns`: the command is dropped and the arm holds where it is."""
        before_ns, self._now_ns = self._now_ns, now_ns
        if before_ns is not None:
            self._clock_resets += 1
            self._watch.forget()
            self._follow(held(self._stop_at(before_ns), now_ns), judged=True)
        self._settled_ns = now_ns

    @abstractmethod
    def step(self, now_ns: int) -> ArmState:
        """The measured state at `now_ns`.

        When time goes backwards the arm holds where it is, as after a simulation's reset.
        """

    @abstractmethod
    def _move(self, time_ns: int) -> None:
        """Makes the motion from `_settled_ns` up to `time_ns`, along one segment of the curve."""

    @abstractmethod
    def _stop_at(self, time_ns: int) -> FloatArray:
        """Ends the motion at `time_ns`, when the clock was last read before it went back.

        Returns:
            Where the arm stays, rad, shape (joints,).
        """

    @abstractmethod
    def _rests(self) -> bool:
        """Whether the motion to the curve's hold may be made in one piece."""

    def accept_trajectory(self, trajectory: UncheckedTrajectory, now_ns: int) -> None:
        """Replaces the present command, as joint_trajectory_controller does with a message.

        One that is still to begin is reached from the arm's own state, one that has begun is
        played as it is: see `taken_over`.

        Raises:
            InputRefused: see `checked_trajectory`, or kind "overflow"; the present command goes on.
        """
        command = checked_trajectory(self.joint_names, trajectory, now_ns)
        self._settle_at(now_ns)
        desired = self._curve.at(now_ns)
        own = desired
        if not self._from_desired:
            measured = self.step(now_ns)
            own = DesiredState(
                measured.positions, measured.velocities, np.zeros_like(measured.positions)
            )
        with np.errstate(over="ignore", invalid="ignore"):
            curve = taken_over(
                own,
                now_ns,
                command.times_ns,
                command.positions,
                command.velocities,
                command.accelerations,
            )
            _require_computable(curve)
        jump = curve.at(now_ns).positions - desired.positions
        self._watch.judge_jump(jump, SERVO_PERIOD_NS * NS)
        self._follow(curve, judged=True)

    def accept_positions(self, values: Sequence[float], now_ns: int) -> None:
        """Sets the target, in the arm's joint order, as forward_command_controller does.

        Raises:
            InputRefused: kind "size", "not finite" or "overflow"; the present command goes on.
        """
        target = checked_positions(self.joint_names, values)
        self._settle_at(now_ns)
        desired = self._curve.at(now_ns)
        end = np.array([now_ns + self._command_period_ns], dtype=np.int64)
        with np.errstate(over="ignore", invalid="ignore"):
            curve = through(desired, now_ns, end, target[None], None, None)
            _require_computable(curve)
        previous = desired.positions if self._judged else self._target
        self._watch.judge_target(previous, target, now_ns)
        self._follow(curve, judged=False)

    def halt(self, now_ns: int) -> None:
        """Stays where the command is now, as with a controller that is deactivated."""
        self._settle_at(now_ns)
        self._follow(held(self._curve.at(now_ns).positions, now_ns), judged=True)

    def _follow(self, curve: DesiredCurve, judged: bool) -> None:
        self._curve = curve
        self._judged = judged
        self._target: FloatArray = curve.coefficients[-1, 0]
        self._speeds = derivative(curve.coefficients)

    def _observe_clock(self, now_ns: int) -> None:
        if self._now_ns is None or now_ns < self._now_ns:
            self.set_clock(now_ns)
        self._now_ns = now_ns

    def _settle_at(self, now_ns: int) -> None:
        self._observe_clock(now_ns)
        self._settle_servo_periods(now_ns)
        if self._settled_ns < now_ns:
            self._settle(now_ns)

    def _settle_servo_periods(self, now_ns: int) -> None:
        """Settles at every boundary of a servo period and of a curve segment up to now."""
        while True:
            boundary = (self._settled_ns // SERVO_PERIOD_NS + 1) * SERVO_PERIOD_NS
            knot = self._curve.next_knot_ns(self._settled_ns)
            if knot is not None:
                boundary = min(boundary, knot)
            if boundary > now_ns:
                return
            if knot is None and self._target_inside() and self._rests():
                boundary = now_ns // SERVO_PERIOD_NS * SERVO_PERIOD_NS
            self._settle(boundary)

    def _target_inside(self) -> bool:
        return bool(
            np.all((self._limits.lower <= self._target) & (self._target <= self._limits.upper))
        )

    def _settle(self, time_ns: int) -> None:
        """Makes the motion up to `time_ns` final and judges the command that led there."""
        segment = self._curve.segment(self._settled_ns)
        start = self._curve.start_ns(segment)
        middle = (0.5 * (self._settled_ns + time_ns) - start) * NS
        if self._judged:
            self._watch.judge_speed(evaluated(self._speeds[segment], middle))
        commanded = evaluated(self._curve.coefficients[segment], (time_ns - start) * NS)
        self._stop_violations += (commanded > self._limits.upper + _TOLERANCE) | (
            commanded < self._limits.lower - _TOLERANCE
        )
        self._move(time_ns)
        self._settled_ns = time_ns

    def _by_joint(self, counts: NDArray[np.int64]) -> Mapping[str, int]:
        return MappingProxyType(dict(zip(self.joint_names, counts.tolist(), strict=True)))


def _require_computable(curve: DesiredCurve) -> None:
    """Finite commands can still be too large to interpolate between."""
    longest_s = max(1.0, (curve.end_ns - curve.start_ns(0)) * NS)
    terms = np.abs(curve.coefficients) * longest_s ** np.arange(ORDER)[:, None]
    if not np.isfinite(terms.sum()):
        raise InputRefused(
            "overflow", "commands: values so large that no curve through them can be computed"
        )
