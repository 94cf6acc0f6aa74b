"""What the controller node's parameters mean to the core."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.joint_limits_form import KINDS
from pi0_ros.core.limit_sources import SourcedLimits, combined_limits
from pi0_ros.core.stamps import SLOWEST_SIMULATION
from pi0_ros.core.urdf_limits import UrdfJoint
from pi0_ros.ros.parameter import Parameter
from pi0_ros.ros.parameter_check import checked_value
from pi0_ros.ros.parameter_values import ParameterValues

LIMITS = "joint_limits"
SPEED_SCALE = "speed_scale"


def arm_limits(values: ParameterValues, urdf: Mapping[str, UrdfJoint] | None) -> SourcedLimits:
    """
    Raises:
        ConfigurationError: a limit is missing or impossible.
    """
    return combined_limits(values.texts("joint_names"), values.below(LIMITS), urdf)


def control_config(values: ParameterValues, simulated_time: bool = False) -> ControlConfig:
    return ControlConfig(
        control_rate_hz=values.number("control_rate"),
        command_interface=values.text("command_interface"),  # type: ignore[arg-type]  # a choice
        interpolate_from_desired_state=values.flag("interpolate_from_desired_state"),
        lead_ticks=values.whole("lead_ticks"),
        lookahead_ticks=values.whole("lookahead_ticks"),
        joint_max_age_s=values.number("joint_max_age"),
        tracking_tolerance_rad=values.number("tracking_tolerance"),
        max_start_distance_rad=values.number("max_start_distance"),
        rest_speed_rad_s=values.number("rest_speed"),
        blend_s=values.number("blend"),
        path_tolerance_rad=values.number("path_tolerance"),
        speed_scale=values.number(SPEED_SCALE),
        dry_run=values.flag("dry_run"),
        divergence_after_s=values.number("divergence_after"),
        slowest_clock=SLOWEST_SIMULATION if simulated_time else 1.0,
    )


def with_new_values(
    values: ParameterValues,
    table: Mapping[str, Parameter],
    new: Iterable[tuple[str, object]],
) -> ParameterValues:
    """`values` with those of `new` that are joint limits; a number turns its kind of limit on.

    Raises:
        ConfigurationError: a new value is not of its parameter's type, or not finite.
    """
    changed = {
        name: checked_value(name, table[name], value)
        for name, value in new
        if name.startswith(LIMITS + ".") and name in table
    }
    # Otherwise a number beside those of a URDF would be accepted and do nothing.
    switches = {
        f"{owner}.has_{KINDS[key]}_limits": True
        for owner, _, key in (name.rpartition(".") for name in changed)
        if key in KINDS
    }
    return replace(values, by_name={**values.by_name, **changed, **switches})


def with_new_speed(
    values: ParameterValues,
    table: Mapping[str, Parameter],
    new: Iterable[tuple[str, object]],
) -> ParameterValues:
    """`values` with the speed scale of `new`, if there is one.

    Raises:
        ConfigurationError: it is not a number, or out of range.
    """
    changed = {
        name: checked_value(name, table[name], value) for name, value in new if name == SPEED_SCALE
    }
    return replace(values, by_name={**values.by_name, **changed})
