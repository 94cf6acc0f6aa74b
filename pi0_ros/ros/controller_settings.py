"""What the controller node's parameters mean to the core."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.limits import ArmLimits, limits_from_joint_limits
from pi0_ros.ros.parameter import Parameter
from pi0_ros.ros.parameter_check import checked_value
from pi0_ros.ros.parameter_values import ParameterValues

LIMITS = "joint_limits"


def arm_limits(values: ParameterValues) -> ArmLimits:
    """
    Raises:
        ConfigurationError: a limit is missing or impossible.
    """
    return limits_from_joint_limits(values.texts("joint_names"), values.below(LIMITS))


def control_config(values: ParameterValues) -> ControlConfig:
    return ControlConfig(
        control_rate_hz=values.number("control_rate"),
        command_interface=values.text("command_interface"),  # type: ignore[arg-type]  # a choice
        lead_ticks=values.whole("lead_ticks"),
        lookahead_ticks=values.whole("lookahead_ticks"),
        joint_max_age_s=values.number("joint_max_age"),
        tracking_tolerance_rad=values.number("tracking_tolerance"),
        max_start_distance_rad=values.number("max_start_distance"),
        rest_speed_rad_s=values.number("rest_speed"),
        blend_s=values.number("blend"),
        path_tolerance_rad=values.number("path_tolerance"),
    )


def with_new_values(
    values: ParameterValues,
    table: Mapping[str, Parameter],
    new: Iterable[tuple[str, object]],
) -> ParameterValues:
    """`values` with those of `new` that are joint limits.

    Raises:
        ConfigurationError: a new value is not of its parameter's type, or not finite.
    """
    changed = {
        name: checked_value(name, table[name], value)
        for name, value in new
        if name.startswith(LIMITS + ".") and name in table
    }
    return replace(values, by_name={**values.by_name, **changed})
