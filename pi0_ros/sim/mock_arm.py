"""An arm as its ros2_control controllers show it: commands in, measured joint states out."""

from math import exp

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pi0_ros.core.arrays import FloatArray, frozen
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.limits import ArmLimits
from pi0_ros.sim.commanded_arm import NS, ArmState, CommandedArm
from pi0_ros.sim.desired_curve import DesiredCurve, derivative, evaluated


class MockArm(CommandedArm):
    """Follows its command with a first-order lag, never faster than its velocity limits.

    The command is a curve (see DesiredCurve); the measured position x obeys dx/dt = (d - x) / T,
    solved exactly on each polynomial piece d, then held to the velocity limits and the mechanical
    stops at the position limits.

    Args:
        limits, initial, command_period_s, interpolate_from_desired_state: see CommandedArm.
        time_constant_s: T of the lag, > 0.

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
        if not 0.0 < time_constant_s < float("inf"):
            raise ConfigurationError(
                f"mock arm: time_constant_s must be above 0, got {time_constant_s}"
            )
        self._time_constant_s = time_constant_s
        self._positions = frozen(initial)
        self._jammed: NDArray[np.bool_] = np.zeros(limits.joints, dtype=np.bool_)
        super().__init__(
            limits, initial, command_period_s, interpolate_from_desired_state, "mock arm"
        )

    def jam(self, *joint_names: str) -> None:
        """Only these joints do not move, whatever they are told; none of them without names."""
        self._jammed = np.array([name in joint_names for name in self.joint_names])

    def step(self, now_ns: int) -> ArmState:
        self._observe_clock(now_ns)
        self._settle_servo_periods(now_ns)
        positions = self._extended(now_ns)
        segment = self._curve.segment(now_ns)
        since = (now_ns - self._curve.start_ns(segment)) * NS
        wanted = evaluated(self._curve.coefficients[segment], since) - positions
        speed = np.clip(
            wanted / self._time_constant_s, -self._limits.velocity, self._limits.velocity
        )
        speed[(positions >= self._limits.upper) & (speed > 0.0)] = 0.0
        speed[(positions <= self._limits.lower) & (speed < 0.0)] = 0.0
        speed[self._jammed] = 0.0
        return ArmState(now_ns, frozen(positions), frozen(speed))

    def _follow(self, curve: DesiredCurve, judged: bool) -> None:
        super()._follow(curve, judged)
        # With d a polynomial, dx/dt = (d - x) / T has the polynomial solution
        # d - T d' + T^2 d'' - ...; every other solution approaches it as exp(-t / T).
        lagged = term = np.array(curve.coefficients)
        for _ in range(term.shape[1] - 1):
            term = -self._time_constant_s * derivative(term)
            lagged = lagged + term
        self._lagged = lagged

    def _move(self, time_ns: int) -> None:
        self._positions = self._extended(time_ns)

    def _stop_at(self, time_ns: int) -> FloatArray:
        self._positions = self._extended(time_ns)
        return self._positions

    def _rests(self) -> bool:
        """Whether the rest of the way is one decay, free of any limit."""
        far = np.abs(self._target - self._positions)
        return bool(np.all(far <= self._limits.velocity * self._time_constant_s))

    def _extended(self, time_ns: int) -> FloatArray:
        """Positions at `time_ns`, not after the next boundary unless the arm creeps to a hold."""
        segment = self._curve.segment(self._settled_ns)
        before = (self._settled_ns - self._curve.start_ns(segment)) * NS
        duration = (time_ns - self._settled_ns) * NS
        lagged = self._lagged[segment]
        offset = self._positions - evaluated(lagged, before)
        free = evaluated(lagged, before + duration)
        free = free + offset * exp(-duration / self._time_constant_s)
        reach = self._limits.velocity * duration
        reached = self._positions + np.clip(free - self._positions, -reach, reach)
        reached = np.where(self._jammed, self._positions, reached)
        return np.clip(reached, self._limits.lower, self._limits.upper)
