"""The demo arm in Gazebo; see `--show-args` and docs/ros2_control.md."""

from launch import LaunchDescription
from pi0_ros.arm_launch_description import arm_launch_description
from pi0_ros.bringup.arms import GAZEBO


def generate_launch_description() -> LaunchDescription:
    return arm_launch_description(GAZEBO)
