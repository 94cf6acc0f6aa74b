"""Declares a node's parameters from its table."""

from collections.abc import Sequence

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node

from pi0_ros.ros.parameter import Parameter, Value
from pi0_ros.ros.parameter_check import CheckedParameters, checked_parameters


def declare_parameters(node: Node, table: Sequence[Parameter]) -> CheckedParameters:
    """Declares `table` on a node.

    A value that cannot work stays visible as it was given; the node refuses to configure.
    """
    # No public way leads to names that are given and declared nowhere, which are mistyped ones, nor
    # to a whole number where a number is declared.
    given = {name: entry.value for name, entry in node._parameter_overrides.items()}
    checked = checked_parameters(table, given)
    for name in checked.table:
        if name in given and name not in checked.values.by_name:
            unusable = ParameterDescriptor(dynamic_typing=True, read_only=True)
            node.declare_parameter(name, given[name], unusable, ignore_override=True)
    for name, value in checked.values.by_name.items():
        node.declare_parameter(
            name, _for_ros(value), _descriptor(checked.table[name]), ignore_override=True
        )
    for name, parameter in checked.table.items():
        if parameter.optional and name not in given:
            # Without a value; it may get one at run time, which the node then checks.
            valueless = _descriptor(parameter)
            valueless.dynamic_typing = True
            node.declare_parameter(name, None, valueless, ignore_override=True)
    for remark in checked.remarks:
        node.get_logger().warning(remark)
    return checked


def _for_ros(value: Value) -> bool | int | float | str | list[str] | list[float]:
    return list(value) if isinstance(value, tuple) else value  # type: ignore[return-value]


def _descriptor(parameter: Parameter) -> ParameterDescriptor:
    unit = f" [{parameter.unit}]" if parameter.unit else ""
    descriptor = ParameterDescriptor(
        description=f"{parameter.description}{unit}", read_only=parameter.read_only
    )
    if parameter.choices:
        allowed = ", ".join(choice or "(empty)" for choice in parameter.choices)
        descriptor.additional_constraints = f"one of: {allowed}"
    limits = parameter.range
    if limits is not None and parameter.type == "int":
        descriptor.integer_range = [
            IntegerRange(from_value=int(limits.low), to_value=int(limits.high), step=1)
        ]
    elif limits is not None and parameter.type == "double":
        descriptor.floating_point_range = [
            FloatingPointRange(from_value=limits.low, to_value=limits.high)
        ]
    return descriptor
