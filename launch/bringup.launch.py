"""Policy and controller for an arm that is up; see `--show-args`."""

from launch import LaunchDescription
from pi0_ros.bringup import REAL
from pi0_ros.launch_description import launch_description


def generate_launch_description() -> LaunchDescription:
    return launch_description(REAL)
