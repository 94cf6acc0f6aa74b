"""Where a trajectory controller wants the arm to be: polynomials between points, then a hold."""

from bisect import bisect_right
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray, frozen

_NS = 1e-9
# Coefficients per joint: enough for quintic segments.
ORDER = 6


@dataclass(frozen=True, slots=True, eq=False)
class DesiredState:
    """Positions in rad, velocities in rad/s, accelerations in rad/s2, each of shape (joints,)."""

    positions: FloatArray
    velocities: FloatArray
    accelerations: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class DesiredCurve:
    """Polynomial segments one after another; the last position is held for ever.

    Attributes:
        knots_ns: start of each segment, then the end of the last, int64, shape (n + 1,), rising.
        coefficients: shape (n + 1, 6, joints): of 1, s, s^2, ... with s the seconds since the
            segment's start; the last entry is the hold.
    """

    knots_ns: NDArray[np.int64]
    coefficients: FloatArray
    _starts: list[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "coefficients", frozen(self.coefficients))
        object.__setattr__(self, "_starts", [int(knot) for knot in self.knots_ns])

    @property
    def end_ns(self) -> int:
        """When the hold begins."""
        return self._starts[-1]

    def segment(self, time_ns: int) -> int:
        """Index of the segment in force at `time_ns`; the first one before the start."""
        return max(0, bisect_right(self._starts, time_ns) - 1)

    def start_ns(self, segment: int) -> int:
        return self._starts[segment]

    def next_knot_ns(self, time_ns: int) -> int | None:
        """The first knot after `time_ns`, None in the hold."""
        index = bisect_right(self._starts, time_ns)
        return self._starts[index] if index < len(self._starts) else None

    def at(self, time_ns: int) -> DesiredState:
        segment = self.segment(time_ns)
        seconds = (time_ns - self._starts[segment]) * _NS
        position = self.coefficients[segment]
        velocity = derivative(position)
        return DesiredState(
            evaluated(position, seconds),
            evaluated(velocity, seconds),
            evaluated(derivative(velocity), seconds),
        )


def derivative(coefficients: FloatArray) -> FloatArray:
    """Coefficients of the derivative by s; both of shape (..., 6, joints)."""
    result = np.zeros_like(coefficients)
    result[..., :-1, :] = coefficients[..., 1:, :] * np.arange(1.0, ORDER)[:, None]
    return result


def evaluated(coefficients: FloatArray, seconds: float) -> FloatArray:
    """One segment's polynomials at s = `seconds`, shape (joints,)."""
    value: FloatArray = seconds ** np.arange(ORDER) @ coefficients
    return value


def held(positions: FloatArray, now_ns: int) -> DesiredCurve:
    """Stays where it is from `now_ns` on."""
    coefficients = np.zeros((1, ORDER, len(positions)))
    coefficients[0, 0] = positions
    return DesiredCurve(np.array([now_ns], dtype=np.int64), coefficients)


def taken_over(
    own: DesiredState,
    now_ns: int,
    times_ns: NDArray[np.int64],
    positions: FloatArray,
    velocities: FloatArray | None,
    accelerations: FloatArray | None,
) -> DesiredCurve:
    """What joint_trajectory_controller plays from `now_ns` on, when a message takes effect then.

    A message whose first point is still to come is reached from the controller's own state. One
    that has begun is played as it is, and the controller's own state counts for nothing.

    Args:
        own: the state desired at `now_ns`, or the measured one, as its parameter
            interpolate_from_desired_state says.
        times_ns: of the points, strictly rising, shape (n,).
        positions, velocities, accelerations: shape (n, joints).
    """
    if times_ns[0] > now_ns:
        return through(own, now_ns, times_ns, positions, velocities, accelerations)
    nothing = np.zeros_like(positions)
    first = DesiredState(
        positions[0],
        (nothing if velocities is None else velocities)[0],
        (nothing if accelerations is None else accelerations)[0],
    )
    return through(
        first,
        int(times_ns[0]),
        times_ns[1:],
        positions[1:],
        None if velocities is None else velocities[1:],
        None if accelerations is None else accelerations[1:],
    )


def through(
    start: DesiredState,
    start_ns: int,
    times_ns: NDArray[np.int64],
    positions: FloatArray,
    velocities: FloatArray | None,
    accelerations: FloatArray | None,
) -> DesiredCurve:
    """From `start` through points, as joint_trajectory_controller interpolates them.

    Linear where only positions are given, cubic with velocities, quintic with accelerations too.

    Args:
        times_ns: of the points, all after `start_ns`, strictly rising, shape (n,).
        positions, velocities, accelerations: shape (n, joints).
    """
    q = np.vstack([start.positions, positions])
    knots = np.concatenate([np.array([start_ns], dtype=np.int64), times_ns])
    t = (np.diff(knots) * _NS)[:, None]
    step = np.diff(q, axis=0)
    coefficients = np.zeros((len(knots), ORDER, q.shape[1]))
    coefficients[:, 0] = q
    if velocities is None:
        coefficients[:-1, 1] = step / t
        return DesiredCurve(knots, coefficients)
    v = np.vstack([start.velocities, velocities])
    v0, v1 = v[:-1], v[1:]
    coefficients[:-1, 1] = v0
    if accelerations is None:
        coefficients[:-1, 2] = (3.0 * step - (2.0 * v0 + v1) * t) / t**2
        coefficients[:-1, 3] = (-2.0 * step + (v0 + v1) * t) / t**3
        return DesiredCurve(knots, coefficients)
    a = np.vstack([start.accelerations, accelerations])
    a0, a1 = a[:-1], a[1:]
    # Quintic Hermite form, from position, velocity and acceleration at both ends: Spong, Robot
    # Modeling and Control, section 5.5.
    coefficients[:-1, 2] = a0 / 2.0
    cubic = 20.0 * step - (8.0 * v1 + 12.0 * v0) * t - (3.0 * a0 - a1) * t**2
    quartic = -30.0 * step + (14.0 * v1 + 16.0 * v0) * t + (3.0 * a0 - 2.0 * a1) * t**2
    quintic = 12.0 * step - 6.0 * (v1 + v0) * t - (a0 - a1) * t**2
    coefficients[:-1, 3] = cubic / (2.0 * t**3)
    coefficients[:-1, 4] = quartic / (2.0 * t**4)
    coefficients[:-1, 5] = quintic / (2.0 * t**5)
    return DesiredCurve(knots, coefficients)
