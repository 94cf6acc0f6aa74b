"""Mocks that can misbehave; see `ros2 launch pi0_ros conformance.launch.py --show-args`."""

from launch import LaunchDescription
from pi0_ros.bringup import CONFORMANCE
from pi0_ros.launch_description import launch_description


def generate_launch_description() -> LaunchDescription:
    return launch_description(CONFORMANCE)
