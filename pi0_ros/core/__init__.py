"""Everything that can be decided without ROS: numpy and the standard library only."""
