"""Processes of other packages, and what to do where they are absent."""

from pi0_ros.bringup.foreign import how_to_install


def test_what_is_missing_is_said_as_something_to_install() -> None:
    assert how_to_install(["ros_gz_sim", "xacro"], "jazzy") == (
        "not installed: ros_gz_sim, xacro; sudo apt install ros-jazzy-ros-gz-sim ros-jazzy-xacro"
    )
    assert how_to_install(["xacro"], "").endswith("sudo apt install ros-$ROS_DISTRO-xacro")
