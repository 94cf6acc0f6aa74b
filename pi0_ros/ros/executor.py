"""The executor that serves nodes here.

Spun with finite timeouts: EventsExecutor.spin() never returns.
"""

import os
from typing import TYPE_CHECKING

from pi0_ros.core.errors import ConfigurationError

if TYPE_CHECKING:
    from rclpy.context import Context
    from rclpy.executors import Executor

_VARIABLE = "PI0_ROS_EXECUTOR"


def make_executor(context: "Context | None" = None) -> "Executor":
    """rclpy's EventsExecutor, which takes half the time, unless the environment wants the other.

    Raises:
        ConfigurationError: the environment wants what there is not, or rclpy is too old.
    """
    kind = os.environ.get(_VARIABLE, "events")
    if kind == "events":
        try:
            from rclpy.experimental.events_executor import EventsExecutor
        except ImportError as error:
            raise ConfigurationError(
                f"rclpy has no EventsExecutor ({error}): in Jazzy it came with rclpy 7.1.4, so "
                "update ROS (apt update && apt upgrade); or set "
                f"{_VARIABLE}=single, which needs more of the processor"
            ) from error
        return EventsExecutor(context=context)
    if kind == "single":
        from rclpy.executors import SingleThreadedExecutor

        return SingleThreadedExecutor(context=context)
    raise ConfigurationError(f"{_VARIABLE} is {kind!r}: expected events or single")
