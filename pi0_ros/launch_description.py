"""A bring-up as a launch description for `ros2 launch`.

launch and launch_ros come with a ROS 2 installation, not from PyPI: they are imported here only
when a launch file asks for them.
"""

import os
from typing import TYPE_CHECKING, Any

from pi0_ros.bringup import Argument, Bringup, NodeSpec, process_environment
from pi0_ros.share import share_directory

if TYPE_CHECKING:
    from launch import Action, LaunchContext, LaunchDescription

# A node that ignores SIGINT gets SIGTERM, then SIGKILL; together below five seconds.
_SIGTERM_AFTER_S = "4.2"
_SIGKILL_AFTER_S = "0.4"


def launch_description(bringup: Bringup) -> "LaunchDescription":
    """Declares the bring-up's arguments, sets its environment and starts its nodes.

    The end of a required node ends the launch; where it failed, `ros2 launch` fails too.
    """
    from launch.actions import OpaqueFunction

    from launch import LaunchDescription

    return LaunchDescription(
        [
            *(declaration(argument) for argument in bringup.arguments),
            *environment_actions(),
            OpaqueFunction(function=_nodes, args=[bringup]),
        ]
    )


def environment_actions() -> "list[Action]":
    """Set what all processes need in their environment, and say what could not be set."""
    from launch.actions import LogInfo, SetEnvironmentVariable

    environment = process_environment(share_directory(), os.environ)
    return [
        *(SetEnvironmentVariable(name, value) for name, value in environment.settings),
        *(LogInfo(msg=note) for note in environment.notes),
    ]


def declaration(argument: Argument) -> "Action":
    """Declares one argument for `name:=value` and `--show-args`."""
    from launch.actions import DeclareLaunchArgument

    return DeclareLaunchArgument(
        argument.name,
        default_value=argument.default,
        description=argument.description,
        choices=list(argument.choices) or None,
    )


def _nodes(context: "LaunchContext", bringup: Bringup) -> "list[Action]":
    values = {
        argument.name: context.launch_configurations[argument.name]
        for argument in bringup.arguments
    }
    return [node_action(spec) for spec in bringup.nodes(values)]


def node_action(spec: NodeSpec) -> "Action":
    """Starts one process."""
    from launch_ros.actions import Node

    return Node(
        package="pi0_ros",
        executable=spec.executable,
        name=spec.name,
        namespace=spec.namespace,
        parameters=[str(spec.params_file), dict(spec.parameters)],
        remappings=list(spec.remappings),
        ros_arguments=[
            *("--log-level", spec.log_level),
            *(spec.enclave.ros_arguments() if spec.enclave else ()),
        ],
        additional_env=spec.variables() or None,
        output="screen",
        emulate_tty=True,
        sigterm_timeout=_SIGTERM_AFTER_S,
        sigkill_timeout=_SIGKILL_AFTER_S,
        on_exit=end_of(spec.full_name, required=True) if spec.required else None,
    )


def end_of(name: str, required: bool) -> Any:
    """What launch does when a process has ended: it fails where that one failed.

    Args:
        name: of the process, for the message.
        required: whether its end is the end of the launch, even where it did not fail.
    """

    def ended(event: Any, context: "LaunchContext") -> "Action | None":
        from launch.actions import Shutdown

        if context.is_shutdown:
            return None
        if event.returncode != 0:
            # Not a Shutdown: launch would report success.
            raise RuntimeError(f"{name} ended with exit status {event.returncode}")
        return Shutdown(reason=f"{name} ended") if required else None

    return ended
