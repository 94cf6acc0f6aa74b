"""Parameters as `ros2 param` shows them."""

from typing import Any

from rclpy.node import Node
from rclpy.parameter import Parameter

from pi0_ros.ros.declare import declare_parameters
from pi0_ros.ros.parameters import NODES


def make_node(**kwargs: Any) -> Node:
    node = Node("pi0_controller", **kwargs)
    node.close = lambda: None
    return node


def test_ranges_units_and_read_only_are_described(world: Any, limits: dict[str, Any]) -> None:
    node = world.start(make_node, {**limits, "control_rate": 25})
    declare_parameters(node, NODES["pi0_controller"])

    described = node.describe_parameter("control_rate")
    assert (described.floating_point_range[0].from_value, described.read_only) == (1.0, True)
    assert described.description.endswith("[Hz]")
    assert node.get_parameter("control_rate").value == 25.0
    assert not node.set_parameters([Parameter("control_rate", value=10.0)])[0].successful


def test_an_optional_parameter_without_a_value_is_declared_and_read_as_none(
    world: Any, limits: dict[str, Any]
) -> None:
    name = "joint_limits.joint_6.max_velocity"
    del limits[name]
    node = world.start(make_node, limits)
    checked = declare_parameters(node, NODES["pi0_controller"])

    assert not checked.problems
    assert node.get_parameter(name).value is None
    assert node.describe_parameter(name).description.endswith("[rad/s]")


def test_a_value_that_cannot_work_stays_visible(world: Any, limits: dict[str, Any]) -> None:
    node = world.start(make_node, {**limits, "control_rate": "fast", "joint_names": None})
    checked = declare_parameters(node, NODES["pi0_controller"])

    assert node.get_parameter("control_rate").value == "fast"
    assert len(checked.problems) == 2
