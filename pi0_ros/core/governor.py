"""One tick of motion that cannot break a limit, and the braking that ends every message.

Both work on positions one control tick apart. With c = a*dt/2 a joint that moves at v needs at
most (v + c)^2 / (2a) to stop, and one tick of full braking lowers both sides of
(v + c)^2 <= 2a * room by what is travelled in it, so a state that satisfies the inequality once
can satisfy it for ever: the set of allowed velocities below is never empty.
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
) -> tuple[FloatArray, FloatArray]:
    """The next planned position and the velocity to it.

    A target that itself keeps the limits is met exactly; one that jumps is approached as fast as
    the limits allow and without overshoot, relative to the target's own motion.

    Args:
        position, velocity: the planned state now (never the measured one), shape (joints,).
        target_before, target: where the joint should be now and one tick later, shape (joints,).

    Raises:
        PolicyError: a target is not finite.
    """
    if not (np.isfinite(target).all() and np.isfinite(target_before).all()):
        raise PolicyError("motion target is not finite")
    a, dv = limits.acceleration, limits.acceleration * dt_s
    c = 0.5 * dv
    room_up = np.maximum(0.0, limits.upper - position)
    room_down = np.maximum(0.0, position - limits.lower)
    highest = np.maximum(0.0, np.sqrt(2.0 * a * room_up) - c)
    lowest = -np.maximum(0.0, np.sqrt(2.0 * a * room_down) - c)

    goal_before = np.clip(target_before, limits.lower, limits.upper)
    goal = np.clip(target, limits.lower, limits.upper)
    error = goal_before - position
    distance = np.abs(error)
    closing = np.where(
        distance <= dv * dt_s,
        error / dt_s,
        np.sign(error) * np.maximum(0.0, np.sqrt(2.0 * a * distance) - c),
    )
    wanted = (goal - goal_before) / dt_s + closing

    floor = np.maximum(np.maximum(lowest, -limits.velocity), velocity - dv)
    ceiling = np.minimum(np.minimum(highest, limits.velocity), velocity + dv)
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
    if _can_always_stop(limits, dv, positions, together):
        return positions
    each = np.sign(velocity) * np.maximum(0.0, np.abs(velocity) - steps * dv)
    return np.clip(
        position + np.cumsum(each, axis=0) * dt_s,
        np.minimum(limits.lower, position),
        np.maximum(limits.upper, position),
    )


def _can_always_stop(
    limits: ArmLimits, dv: FloatArray, positions: FloatArray, velocities: FloatArray
) -> bool:
    """Whether the governor can take over at every one of these states, shape (ticks, joints)."""
    room = np.where(velocities > 0.0, limits.upper - positions, positions - limits.lower)
    moving = velocities != 0.0
    needed = (np.abs(velocities) + 0.5 * dv) ** 2
    return bool(np.all(~moving | (needed <= 2.0 * limits.acceleration * room)))
