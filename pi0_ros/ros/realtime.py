"""Real-time priority, so that a busy machine does not make ticks late."""

import os
from collections.abc import Callable
from pathlib import Path

from pi0_ros.ros.parameter_values import ParameterValues


def follow_realtime_priority(values: ParameterValues, warn: Callable[[str], object]) -> None:
    """Does what the parameter `realtime_priority` says, or warns that it is not permitted."""
    priority = values.whole("realtime_priority")
    problem = take_realtime_priority(priority) if priority else ""
    if problem:
        warn(
            f"no real-time priority ({problem}): ticks may come late on a busy machine; permit it "
            "with rtprio in /etc/security/limits.conf, or set realtime_priority to 0"
        )


def take_realtime_priority(priority: int) -> str:
    """Puts all threads of this process, and those to come, before everything without it.

    Args:
        priority: 1 (lowest) to 99, SCHED_FIFO.

    Returns:
        Why it is not permitted; empty where it is.
    """
    try:
        for task in Path("/proc/self/task").iterdir():
            os.sched_setscheduler(int(task.name), os.SCHED_FIFO, os.sched_param(priority))
    except ProcessLookupError:
        # A thread ended between the listing and its turn.
        return take_realtime_priority(priority)
    except OSError as error:
        return f"{error.strerror}"
    return ""
