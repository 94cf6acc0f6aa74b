"""The controller's joint limits: from its parameters and, where wanted, a URDF."""

from collections.abc import Mapping
from typing import Any

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.urdf_file import urdf_file_text
from pi0_ros.core.urdf_limits import UrdfJoint, urdf_limits
from pi0_ros.ros import topics
from pi0_ros.ros.controller_settings import arm_limits
from pi0_ros.ros.parameter_values import ParameterValues
from pi0_ros.ros.robot_description import robot_description


class LimitReading:
    """Reads the URDF once per configuration: it must not change under a moving arm."""

    def __init__(self, node: Any) -> None:
        self._node = node
        self._urdf: Mapping[str, UrdfJoint] | None = None

    def read(self, values: ParameterValues) -> ArmLimits:
        """The limits of a new configuration; the source of each number is logged.

        Raises:
            ConfigurationError: a limit is missing or impossible, or there is no URDF.
        """
        self._urdf = self._read_urdf(values)
        combined = arm_limits(values, self._urdf)
        for sentence in combined.account:
            self._node.get_logger().info(sentence)
        return combined.limits

    def forget(self) -> None:
        """Drops the URDF."""
        self._urdf = None

    def tightened(self, before: ParameterValues, after: ParameterValues) -> ArmLimits:
        """The limits that `after` makes.

        Raises:
            ConfigurationError: one is missing, impossible or wider than `before`, or the URDF that
                belongs to them has not been read.
        """
        if self._urdf is None and _wants_urdf(before):
            raise ConfigurationError(
                "limits can be tightened once the controller is configured and has read the URDF"
            )
        limits = arm_limits(after, self._urdf).limits
        if not arm_limits(before, self._urdf).limits.contains(limits):
            raise ConfigurationError("limits can be tightened at run time, never loosened")
        return limits

    def _read_urdf(self, values: ParameterValues) -> Mapping[str, UrdfJoint] | None:
        file = values.text("urdf_file")
        topic = values.flag("use_robot_description")
        if file and topic:
            raise ConfigurationError(
                "urdf_file and use_robot_description: set one of them, got both"
            )
        names = values.texts("joint_names")
        if file:
            return urdf_limits(urdf_file_text(file), names, f"urdf_file {file}")
        if topic:
            text = robot_description(self._node, self._node.stop)
            name = self._node.resolve_topic_name(topics.ROBOT_DESCRIPTION.name)
            return urdf_limits(text, names, f"use_robot_description ({name})")
        return None


def _wants_urdf(values: ParameterValues) -> bool:
    return bool(values.text("urdf_file")) or values.flag("use_robot_description")
