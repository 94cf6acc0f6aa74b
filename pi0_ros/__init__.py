"""Drive a robot arm with a Pi0 vision-language-action policy over ROS 2."""

__version__ = "0.1.0"
