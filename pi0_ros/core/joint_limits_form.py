"""The `joint_limits` form that MoveIt and ros2_control share, read number by number."""

import math
from collections.abc import Mapping

from pi0_ros.core.errors import ConfigurationError

JointLimitsForm = Mapping[str, Mapping[str, object]]

# The form's numbers, and the kind whose switch `has_<kind>_limits` turns each of them on.
KINDS: Mapping[str, str] = {
    "min_position": "position",
    "max_position": "position",
    "max_velocity": "velocity",
    "max_acceleration": "acceleration",
}


def written_limit(form: JointLimitsForm, joint: str, key: str) -> float | None:
    """The number that the form gives, or None where it is absent or switched off.

    A number without its switch is an error rather than absent: whoever wrote it wanted it kept.

    Args:
        form: joint name -> `has_position_limits`, `min_position` and so on.
        key: one of KINDS.

    Raises:
        ConfigurationError: the number is not one or not finite, or its switch neither true nor
            false.
    """
    entry = form.get(joint, {})
    value = entry.get(key)
    switch = entry.get(_switch(key))
    if switch is False or (switch is None and value is None):
        return None
    if switch is not True:
        raise ConfigurationError(_switched_off(joint, key))
    if value is None:
        return None
    return _number(joint, key, value)


def required_limit(form: JointLimitsForm, joint: str, key: str) -> float:
    """The number that the form gives.

    Raises:
        ConfigurationError: it gives none; the message names the key.
    """
    value = written_limit(form, joint, key)
    if value is None:
        raise ConfigurationError(why_not_written(form, joint, key))
    return value


def jerk_limit(form: JointLimitsForm, joint: str) -> float:
    """The number `max_jerk`, infinite where there is none or it is switched off.

    Raises:
        ConfigurationError: it is switched on and not a finite number, or given without its switch.
    """
    entry = form.get(joint, {})
    value, switch = entry.get("max_jerk"), entry.get("has_jerk_limits")
    if switch is False or (switch is None and value is None):
        return math.inf
    if switch is not True:
        raise ConfigurationError(
            f"joint_limits.{joint}.has_jerk_limits must be true for max_jerk to be kept, or false, "
            f"got {switch!r}"
        )
    return _number(joint, "max_jerk", value)


def why_not_written(form: JointLimitsForm, joint: str, key: str) -> str:
    """What to change for `written_limit` to find a number where it returned None."""
    if joint not in form:
        return (
            f"joint_limits.{joint} is missing: every joint needs position, velocity and "
            "acceleration limits in the robot's parameter file"
        )
    if form[joint].get(_switch(key)) is not True:
        return _switched_off(joint, key)
    return _no_number(joint, key, None)


def _number(joint: str, key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ConfigurationError(_no_number(joint, key, value))
    return float(value)


def _switch(key: str) -> str:
    return f"has_{KINDS[key]}_limits"


def _switched_off(joint: str, key: str) -> str:
    return (
        f"joint_limits.{joint}.{_switch(key)} must be true: no joint moves without a "
        f"{KINDS[key]} limit"
    )


def _no_number(joint: str, key: str, value: object) -> str:
    return (
        f"joint_limits.{joint}.{key}: expected a number, got {value!r}; "
        "set it in the robot's parameter file"
    )
