"""Waits for the robot's description on its latched topic."""

import time

from rclpy.node import Node

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.stop_request import StopRequest
from pi0_ros.ros import topics
from pi0_ros.ros.entities import subscription

DEADLINE_S = 5.0
_LOOK_S = 0.02


def robot_description(node: Node, stop: StopRequest, deadline_s: float = DEADLINE_S) -> str:
    """The newest URDF on the topic.

    It is taken from the subscription by hand: transitions run in the executor's thread, so that no
    callback would come meanwhile.

    Args:
        deadline_s: on the steady clock.

    Raises:
        ConfigurationError: none came in time, or the process was told to end meanwhile.
    """
    listening = subscription(node, topics.ROBOT_DESCRIPTION, lambda _message: None)
    name = listening.topic_name
    end_s = time.monotonic() + deadline_s
    try:
        while True:
            with listening.handle:
                taken = listening.handle.take_message(listening.msg_type, False)
            if taken is not None:
                return str(taken[0].data)
            if stop.requested:
                raise ConfigurationError(f"told to end while waiting for {name}")
            if time.monotonic() >= end_s:
                break
            time.sleep(_LOOK_S)
        raise ConfigurationError(
            f"use_robot_description: expected a URDF on {name}, nothing came within "
            f"{deadline_s:g} s: {_why(node.count_publishers(name))}"
        )
    finally:
        node.destroy_subscription(listening)


def _why(publishers: int) -> str:
    if publishers:
        return f"its {publishers} publishers sent none that is reliable and transient local"
    return "nobody publishes it; start robot_state_publisher, remap the topic or set urdf_file"
