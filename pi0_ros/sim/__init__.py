"""A mocked arm and mocked cameras: no ROS, no torch."""
