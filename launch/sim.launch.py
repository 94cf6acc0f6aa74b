"""Pi0 drives an arm in MuJoCo: `ros2 launch pi0_ros sim.launch.py`."""

from launch import LaunchDescription
from pi0_ros.bringup import SIM
from pi0_ros.launch_description import launch_description


def generate_launch_description() -> LaunchDescription:
    return launch_description(SIM)
