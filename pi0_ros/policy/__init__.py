"""Policies behind one small interface: torch and LeRobot live here, ROS does not."""
