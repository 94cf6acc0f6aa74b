"""One tick of motion that cannot break a limit, and the braking that ends every message.

Both work on positions one control tick apart. In units of a*dt for velocity and a*dt^2 for
distance, a joint that brakes fully for n ticks at v, v-1, …, v-n+1 travels n*v - n(n-1)/2, so
R(x) = x/n + (n-1)/2 with the smallest n that has n(n+1)/2 >= x is the greatest velocity from which
it stops within x. R rises with x and R(x - R(x)) = R(x) - 1: whoever never exceeds R of the room
that is left can brake fully in the next tick and still not exceed it, so the set of velocities
allowed below is never empty.
"""

import numpy as np

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import PolicyError
from pi0_ros.core.limits import ArmLimits


def governed_step(
    limits: ArmLimits,
    dt_s: float,
    position: FloatArray,
    velocity: FloatArray,
    target_before: FloatArray,
    target: FloatArray,
    speed_scale: float = 1.0,
) -> tuple[FloatArray, FloatArray]:
    """The next planned position and the velocity to it.

    A target that itself keeps the limits is met exactly; one that jumps is approached as fast as
    the limits allow and without overshoot, relative to the target's own motion.

    Args:
        position, velocity: the planned state now (never the measured one), shape (joints,).
        target_before, target: where the joint should be now and one tick later, shape (joints,).
        speed_scale: share of the velocity limits that is in force. A joint that is faster than
            that slows down to it as hard as it may.

    Raises:
        PolicyError: a target is not finite.
    """
    targets = np.array([target_before, target])
    if not np.isfinite(targets).all():
        raise PolicyError("motion target is not finite")
    dv = limits.acceleration * dt_s
    goal_before, goal = np.clip(targets, limits.lower, limits.upper)
    error = goal_before - position
    distances = np.array([limits.upper - position, position - limits.lower, np.abs(error)])
    up, down, closing = _speed_that_stops_within(np.maximum(0.0, distances), dv, dt_s)
    wanted = (goal - goal_before) / dt_s + np.copysign(closing, error)

    allowed = np.maximum(speed_scale * limits.velocity, np.abs(velocity) - dv)
    floor = np.maximum(-np.minimum(down, allowed), velocity - dv)
    ceiling = np.minimum(np.minimum(up, allowed), velocity + dv)
    # Last word to braking: outside the limits, and only there, the two can cross.
    next_velocity = np.minimum(np.maximum(wanted, floor), ceiling)
    next_position = position + next_velocity * dt_s
    # Rounding must not carry a joint over its limit; a joint that starts outside may come in.
    next_position = np.clip(
        next_position, np.minimum(limits.lower, position), np.maximum(limits.upper, position)
    )
    return next_position, next_velocity


def brake(limits: ArmLimits, dt_s: float, position: FloatArray, velocity: FloatArray) -> FloatArray:
    """Positions of the coming ticks until rest, shape (ticks, joints); the last tick is at rest.

    All joints slow down by one common factor, so that the arm stays on its present direction in
    joint space; where that would take a joint too near its position limit, every joint brakes as
    hard as it may.
    """
    dv = limits.acceleration * dt_s
    ticks = max(1, int(np.ceil(np.max(np.abs(velocity) / dv) - 1e-9)))
    steps = np.arange(1, ticks + 1)[:, np.newaxis]
    together = velocity * np.maximum(0.0, 1.0 - steps / ticks)
    positions = position + np.cumsum(together, axis=0) * dt_s
    # Who comes to rest inside the limits could brake harder at every row before that, so the
    # governor can take over anywhere on the way. Who starts outside may come in.
    low, high = np.minimum(limits.lower, position), np.maximum(limits.upper, position)
    if bool(np.all((low <= positions) & (positions <= high))):
        return positions
    each = np.sign(velocity) * np.maximum(0.0, np.abs(velocity) - steps * dv)
    # What rounding leaves of a velocity must not make the last row creep.
    each[-1] = 0.0
    return np.clip(position + np.cumsum(each, axis=0) * dt_s, low, high)


def _speed_that_stops_within(distance: FloatArray, dv: FloatArray, dt_s: float) -> FloatArray:
    """The greatest velocity of the coming tick that full braking ends within `distance`."""
    room = distance / (dv * dt_s)
    ticks = np.maximum(1.0, np.ceil(0.5 * np.sqrt(1.0 + 8.0 * room) - 0.5))
    speed: FloatArray = dv * (room / ticks + 0.5 * (ticks - 1.0))
    return speed
