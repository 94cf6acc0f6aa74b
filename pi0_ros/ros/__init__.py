"""The ROS nodes, with all that turns messages into what the core knows, and back."""
