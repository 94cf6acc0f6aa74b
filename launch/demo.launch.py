"""Pi0 drives a mock arm before mock cameras: `ros2 launch pi0_ros demo.launch.py`."""

from launch import LaunchDescription
from pi0_ros.bringup import DEMO
from pi0_ros.launch_description import launch_description


def generate_launch_description() -> LaunchDescription:
    return launch_description(DEMO)
