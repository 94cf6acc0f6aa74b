"""Policies behind one small interface: torch and LeRobot live here, ROS does not."""

from pi0_ros.policy.offline import settle_environment

settle_environment()
