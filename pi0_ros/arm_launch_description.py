"""An arm out of other packages' processes as a launch description for `ros2 launch`."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pi0_ros.bringup.arms import ArmBringup
from pi0_ros.bringup.foreign import Ending, ForeignNode, RobotDescription, how_to_install
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.launch_description import (
    declaration,
    end_of,
    environment_actions,
    node_action,
)

if TYPE_CHECKING:
    from launch import Action, LaunchContext, LaunchDescription


def arm_launch_description(arm: ArmBringup) -> "LaunchDescription":
    """Declares the arguments, looks for the packages that are needed, and starts everything."""
    from launch.actions import OpaqueFunction

    from launch import LaunchDescription

    return LaunchDescription(
        [
            *(declaration(argument) for argument in arm.bringup.arguments),
            *environment_actions(),
            OpaqueFunction(function=_processes, args=[arm]),
        ]
    )


def _processes(context: "LaunchContext", arm: ArmBringup) -> "list[Action]":
    values = arm.bringup.checked(
        {
            argument.name: context.launch_configurations[argument.name]
            for argument in arm.bringup.arguments
        }
    )
    ours = arm.bringup.nodes(values)
    foreign = arm.foreign(values)
    _require((*arm.requires, *(node.package for node in foreign)), arm.bringup.name)
    gazebo = [_gazebo(arm.gazebo(values))] if arm.gazebo is not None else []
    return [*gazebo, *map(_foreign_action, foreign), *map(node_action, ours)]


def _require(packages: tuple[str, ...], name: str) -> None:
    from ament_index_python.packages import PackageNotFoundError, get_package_prefix

    missing = []
    for package in dict.fromkeys(packages):
        try:
            get_package_prefix(package)
        except PackageNotFoundError:
            missing.append(package)
    if missing:
        hint = how_to_install(missing, os.environ.get("ROS_DISTRO", ""))
        raise ConfigurationError(f"{name}.launch.py: {hint}")


def _gazebo(command_line: str) -> "Action":
    from ament_index_python.packages import get_package_share_directory
    from launch.actions import IncludeLaunchDescription
    from launch.launch_description_sources import PythonLaunchDescriptionSource

    # Its own launch file, since that knows where Gazebo finds plugins of ROS packages.
    path = os.path.join(  # noqa: PTH118  # as ament_index gives it
        get_package_share_directory("ros_gz_sim"), "launch", "gz_sim.launch.py"
    )
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(path),
        launch_arguments=[("gz_args", command_line), ("on_exit_shutdown", "true")],
    )


def _foreign_action(node: ForeignNode) -> "Action":
    from launch_ros.actions import Node

    parameters: Mapping[str, Any] = dict(node.parameters)
    if node.description is not None:
        parameters = {**parameters, "robot_description": _urdf(node.description)}
    return Node(
        package=node.package,
        executable=node.executable,
        name=node.name or None,
        namespace=node.namespace,
        arguments=list(node.arguments),
        parameters=[
            *map(str, node.params_files),
            *([parameters] if parameters else []),
        ],
        remappings=list(node.remappings),
        output="screen",
        emulate_tty=True,
        on_exit=None
        if node.ending is Ending.HARMLESS
        else end_of(node.full_name, required=node.ending is Ending.FATAL),
    )


def _urdf(description: RobotDescription) -> str:
    import xacro  # type: ignore[import-untyped]

    try:
        document = xacro.process_file(str(description.file), mappings=dict(description.arguments))
    except xacro.XacroException as error:
        raise ConfigurationError(f"{description.file}: {error}") from error
    return str(document.toxml())
