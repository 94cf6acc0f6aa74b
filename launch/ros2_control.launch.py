"""The demo arm under ros2_control, mock hardware; see `--show-args` and docs/ros2_control.md."""

from launch import LaunchDescription
from pi0_ros.arm_launch_description import arm_launch_description
from pi0_ros.bringup.arms import ROS2_CONTROL


def generate_launch_description() -> LaunchDescription:
    return arm_launch_description(ROS2_CONTROL)
