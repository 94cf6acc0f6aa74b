"""The ROS nodes: the only place that imports rclpy and messages."""
