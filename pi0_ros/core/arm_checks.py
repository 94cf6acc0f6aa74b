"""What must be true of the measured arm, as sentences about what is not."""

import numpy as np

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.measured_state import MeasuredState

POSITION_TOLERANCE_RAD = 0.01


def outside_limits(limits: ArmLimits, position: FloatArray) -> tuple[str, ...]:
    """One sentence for each joint outside its position limits by over 0.01 rad."""
    low, high = limits.lower - POSITION_TOLERANCE_RAD, limits.upper + POSITION_TOLERANCE_RAD
    if bool(np.all((low <= position) & (position <= high))):
        return ()
    return tuple(
        f"{name} is at {position[index]:.3f} rad, outside {limits.lower[index]:.3f} to "
        f"{limits.upper[index]:.3f}; see the parameter joint_limits.{name}"
        for index, name in enumerate(limits.joint_names)
        if not low[index] <= position[index] <= high[index]
    )


def takeover_problems(
    limits: ArmLimits, config: ControlConfig, measured: MeasuredState, now_ns: int, steady_ns: int
) -> tuple[str, ...]:
    """Why the arm cannot be taken over now, one sentence each; empty when it can."""
    age_s, newest = measured.age_s(now_ns, steady_ns), measured.newest
    if age_s is None or newest is None:
        return ("joint_states: nothing valid received yet",)
    if not age_s <= config.joint_max_age_s:
        return (f"joint_states: stale, {age_s:.2f} s old",)
    if config.dry_run:
        # Nothing is taken over, so somebody else may be driving.
        return outside_limits(limits, newest[1])
    return (
        *outside_limits(limits, newest[1]),
        *moving(limits, measured.speed(), config.rest_speed_rad_s),
    )


def moving(limits: ArmLimits, speed: FloatArray | None, rest_speed: float) -> tuple[str, ...]:
    """One sentence for each joint faster than `rest_speed`; `speed` is None where unknown yet."""
    if speed is None:
        return ("joint_states: received for too short to tell whether the arm is at rest",)
    return tuple(
        f"{name} moves at {speed[index]:.3f} rad/s; the arm must be at rest "
        f"(rest_speed {rest_speed} rad/s)"
        for index, name in enumerate(limits.joint_names)
        if not speed[index] <= rest_speed
    )


def arm_problems(
    limits: ArmLimits, config: ControlConfig, planned: FloatArray, measured: FloatArray
) -> tuple[str, ...]:
    """What is wrong with an arm in motion; in a dry run nobody follows a plan."""
    outside = outside_limits(limits, measured)
    if outside or config.dry_run:
        return outside
    return off_plan(limits, planned, measured, config.tracking_tolerance_rad)


def off_plan(
    limits: ArmLimits, planned: FloatArray, measured: FloatArray, tolerance: float
) -> tuple[str, ...]:
    """A sentence about the joint farthest from its command, if over `tolerance`."""
    error = np.abs(planned - measured)
    worst = int(np.argmax(error))
    if error[worst] <= tolerance:
        return ()
    return (
        f"{limits.joint_names[worst]} is {error[worst]:.3f} rad from its command "
        f"(tracking_tolerance {tolerance} rad)",
    )


def stands_at(limits: ArmLimits, dt_s: float, told: FloatArray, measured: FloatArray) -> bool:
    """Whether no joint is farther from where it was told to be than one tick of speeding up."""
    return bool(np.all(np.abs(told - measured) <= limits.acceleration * dt_s * dt_s))
