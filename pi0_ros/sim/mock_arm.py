"""An arm as its ros2_control controllers show it: commands in, measured joint states out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pi0_ros.core.arrays import FloatArray, frozen
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.limits import ArmLimits
from pi0_ros.sim.arm_command import checked_positions, checked_trajectory
from pi0_ros.sim.desired_curve import (
    DesiredCurve,
    DesiredState,
    derivative,
    evaluated,
    held,
    taken_over,
    through,
)
from pi0_ros.sim.speed_watch import SpeedWatch

_NS = 1e-9
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


class MockArm:
    """Follows its command with a first-order lag, never faster than its velocity limits.

    The command is a curve (see DesiredCurve); the measured position x obeys dx/dt = (d - x) / T,
    solved exactly on each polynomial piece d, then held to the velocity limits and the mechanical
    stops at the position limits. Pure: time comes in as an argument.

    Args:
        limits: of the arm itself; accelerations are not limited here.
        initial: positions to start from, shape (joints,), rad, within limits.
        time_constant_s: T of the lag, > 0.
        command_period_s: how fast `accept_positions` targets are expected; each is approached
            linearly over one period, as drives in interpolated position mode do.
        interpolate_from_desired_state: where a trajectory that is still to begin is reached from:
            what is desired then, or, where false, what is measured.

    Raises:
        ConfigurationError: a value cannot work.
    """

    def __init__(
        self,
        limits: ArmLimits,
        initial: ArrayLike,
        time_constant_s: float = 0.03,
        command_period_s: float = 0.02,
        interpolate_from_desired_state: bool = True,
    ) -> None:
        start = frozen(initial)
        if start.shape != (limits.joints,):
            raise ConfigurationError(
                f"mock arm: expected {limits.joints} initial positions, got shape {start.shape}"
            )
        for index, name in enumerate(limits.joint_names):
            if not limits.lower[index] <= start[index] <= limits.upper[index]:
                raise ConfigurationError(
                    f"mock arm: initial position of {name}, {start[index]}, must be within "
                    f"{limits.lower[index]} and {limits.upper[index]}"
                )
        for what, value in (
            ("time_constant_s", time_constant_s),
            ("command_period_s", command_period_s),
        ):
            if not 0.0 < value < float("inf"):
                raise ConfigurationError(f"mock arm: {what} must be above 0, got {value}")
        self._limits = limits
        self._time_constant_s = time_constant_s
        self._command_period_ns = max(1, round(command_period_s / _NS))
        self._from_desired = interpolate_from_desired_state
        self._positions = start
        self._now_ns: int | None = None
        self._settled_ns = 0
        self._watch = SpeedWatch(limits, command_period_s)
        self._stop_violations = np.zeros(limits.joints, dtype=np.int64)
        self._clock_resets = 0
        self._jammed: NDArray[np.bool_] = np.zeros(limits.joints, dtype=np.bool_)
        self._follow(held(start, 0), judged=True)

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
        """How often time went backwards; each time the command was dropped."""
        return self._clock_resets

    def jam(self, *joint_names: str) -> None:
        """Only these joints do not move, whatever they are told; none of them without names."""
        self._jammed = np.array([name in joint_names for name in self.joint_names])

    def accept_trajectory(
        self,
        start_ns: int,
        joint_names: Sequence[str],
        times_from_start_ns: Sequence[int],
        positions: Sequence[Sequence[float]],
        velocities: Sequence[Sequence[float]] | None,
        accelerations: Sequence[Sequence[float]] | None,
        now_ns: int,
    ) -> None:
        """Replaces the present command, as joint_trajectory_controller does with a message.

        One that is still to begin is reached from the arm's own state, one that has begun is
        played as it is: see `taken_over`.

        Raises:
            InputRefused: see `checked_trajectory`; the present command goes on.
        """
        command = checked_trajectory(
            self.joint_names,
            start_ns,
            joint_names,
            times_from_start_ns,
            positions,
            velocities,
            accelerations,
            now_ns,
        )
        self._settle_at(now_ns)
        desired = self._curve.at(now_ns)
        own = desired
        if not self._from_desired:
            measured = self.step(now_ns)
            own = DesiredState(
                measured.positions, measured.velocities, np.zeros_like(measured.positions)
            )
        curve = taken_over(
            own,
            now_ns,
            command.times_ns,
            command.positions,
            command.velocities,
            command.accelerations,
        )
        jump = curve.at(now_ns).positions - desired.positions
        self._watch.judge_jump(jump, SERVO_PERIOD_NS * _NS)
        self._follow(curve, judged=True)

    def accept_positions(self, values: Sequence[float], now_ns: int) -> None:
        """Sets the target, in the arm's joint order, as forward_command_controller does.

        Raises:
            InputRefused: kind "size" or "not finite"; the present command goes on.
        """
        target = checked_positions(self.joint_names, values)
        self._settle_at(now_ns)
        desired = self._curve.at(now_ns)
        previous = desired.positions if self._judged else self._target
        self._watch.judge_target(previous, target, now_ns)
        end = np.array([now_ns + self._command_period_ns], dtype=np.int64)
        self._follow(through(desired, now_ns, end, target[None], None, None), judged=False)

    def step(self, now_ns: int) -> ArmState:
        """The measured state at `now_ns`.

        When time goes backwards the arm holds where it is, as after a simulation's reset.
        """
        self._observe_clock(now_ns)
        self._settle_servo_periods(now_ns)
        positions = self._extended(now_ns)
        segment = self._curve.segment(now_ns)
        since = (now_ns - self._curve.start_ns(segment)) * _NS
        wanted = evaluated(self._curve.coefficients[segment], since) - positions
        speed = np.clip(
            wanted / self._time_constant_s, -self._limits.velocity, self._limits.velocity
        )
        speed[(positions >= self._limits.upper) & (speed > 0.0)] = 0.0
        speed[(positions <= self._limits.lower) & (speed < 0.0)] = 0.0
        speed[self._jammed] = 0.0
        return ArmState(now_ns, frozen(positions), frozen(speed))

    def _by_joint(self, counts: NDArray[np.int64]) -> Mapping[str, int]:
        return MappingProxyType(dict(zip(self.joint_names, counts.tolist(), strict=True)))

    def _follow(self, curve: DesiredCurve, judged: bool) -> None:
        self._curve = curve
        self._judged = judged
        self._target = curve.coefficients[-1, 0]
        # With d a polynomial, dx/dt = (d - x) / T has the polynomial solution
        # d - T d' + T^2 d'' - ...; every other solution approaches it as exp(-t / T).
        lagged = term = np.array(curve.coefficients)
        for _ in range(term.shape[1] - 1):
            term = -self._time_constant_s * derivative(term)
            lagged = lagged + term
        self._lagged = lagged
        self._speeds = derivative(curve.coefficients)

    def _observe_clock(self, now_ns: int) -> None:
        if self._now_ns is None:
            self._settled_ns = now_ns
        elif now_ns < self._now_ns:
            self._clock_resets += 1
            self._positions = self._extended(self._now_ns)
            self._settled_ns = now_ns
            self._watch.forget()
            self._follow(held(self._positions, now_ns), judged=True)
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
            if knot is None and self._creeps_to_hold():
                boundary = now_ns // SERVO_PERIOD_NS * SERVO_PERIOD_NS
            self._settle(boundary)

    def _creeps_to_hold(self) -> bool:
        """Whether the rest of the way is one decay, free of any limit."""
        far = np.abs(self._target - self._positions)
        inside = (self._limits.lower <= self._target) & (self._target <= self._limits.upper)
        return bool(np.all((far <= self._limits.velocity * self._time_constant_s) & inside))

    def _settle(self, time_ns: int) -> None:
        """Makes the motion up to `time_ns` final and judges the command that led there."""
        segment = self._curve.segment(self._settled_ns)
        start = self._curve.start_ns(segment)
        middle = (0.5 * (self._settled_ns + time_ns) - start) * _NS
        if self._judged:
            self._watch.judge_speed(evaluated(self._speeds[segment], middle))
        commanded = evaluated(self._curve.coefficients[segment], (time_ns - start) * _NS)
        self._stop_violations += (commanded > self._limits.upper + _TOLERANCE) | (
            commanded < self._limits.lower - _TOLERANCE
        )
        self._positions = self._extended(time_ns)
        self._settled_ns = time_ns

    def _extended(self, time_ns: int) -> FloatArray:
        """Positions at `time_ns`, not after the next boundary unless the arm creeps to a hold."""
        segment = self._curve.segment(self._settled_ns)
        before = (self._settled_ns - self._curve.start_ns(segment)) * _NS
        duration = (time_ns - self._settled_ns) * _NS
        lagged = self._lagged[segment]
        offset = self._positions - evaluated(lagged, before)
        free = evaluated(lagged, before + duration)
        free = free + offset * exp(-duration / self._time_constant_s)
        reach = self._limits.velocity * duration
        reached = self._positions + np.clip(free - self._positions, -reach, reach)
        reached = np.where(self._jammed, self._positions, reached)
        return np.clip(reached, self._limits.lower, self._limits.upper)
