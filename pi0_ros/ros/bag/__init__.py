"""A rosbag2 of each recorded episode: what went over the topics, as it came."""
