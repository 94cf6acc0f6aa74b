"""A launch file of the package under launch_testing, in a ROS domain of its own."""

import os
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_testing.actions import ReadyToTest

from contracts.listener import Listener
from contracts.recording import Recording
from launch import LaunchDescription
from pi0_ros.bringup import process_environment
from pi0_ros.cli.domain import Reservation, reserve_domain
from pi0_ros.share import share_directory

_STARTUP_S = 120.0


@cache
def _domain() -> Reservation:
    """Reserved until this process ends."""
    return reserve_domain()


def launched(file: str, arguments: Mapping[str, str] = MappingProxyType({})) -> LaunchDescription:
    """Starts a launch file of the package, with its default arguments but for those given."""
    os.environ["ROS_DOMAIN_ID"] = str(_domain().domain)
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    # For the listener, which lives in this process; the launch file sets it for the nodes.
    os.environ.update(process_environment(share_directory(), os.environ).variables())
    source = PythonLaunchDescriptionSource(str(share_directory() / "launch" / file))
    included = IncludeLaunchDescription(source, launch_arguments=arguments.items())
    return LaunchDescription([included, ReadyToTest()])


def listening_until(condition: Callable[[Recording], object], what: str) -> Listener:
    """A listener that has heard what the condition asks for; to be closed."""
    listener = Listener(_domain().domain)
    listener.until(condition, _STARTUP_S, what)
    return listener
