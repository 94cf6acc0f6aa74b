"""The form in which ROS tools collect the state of nodes."""

from collections.abc import Mapping
from enum import Enum

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from pi0_ros.ros.conversions import time_message


class Level(Enum):
    """Values of DiagnosticStatus.level."""

    OK = DiagnosticStatus.OK
    WARN = DiagnosticStatus.WARN
    ERROR = DiagnosticStatus.ERROR


def diagnostics_message(
    now_ns: int,
    node_name: str,
    level: Level,
    message: str,
    values: Mapping[str, object],
    hardware_id: str = "",
) -> DiagnosticArray:
    """One status named for the node, as in "/left/pi0_policy"."""
    status = DiagnosticStatus(
        level=level.value,
        name=node_name,
        message=message,
        hardware_id=hardware_id,
        values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
    )
    array = DiagnosticArray(status=[status])
    array.header.stamp = time_message(now_ns)
    return array
