"""Looks for an arm that is there already, before another one is started beside it."""

import gc
import time
from typing import Any

import rclpy
from rclpy.signals import SignalHandlerOptions

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.ros import topics

_COMMANDS = (topics.JOINT_TRAJECTORY, topics.POSITION_COMMANDS)
# Fast DDS announces a participant every three seconds unless a profile says otherwise, and those
# of a real arm may have none of ours.
_DISCOVERY_S = 3.5
_NAMES_S = 0.5
_LOOK_S = 0.1


def require_no_arm(namespace: str, cure: str, discovery_s: float = _DISCOVERY_S) -> None:
    """Returns after `discovery_s` where nothing commands an arm or is one.

    The ROS domain is that of the environment.

    Args:
        namespace: of the arm's topics; empty for none.
        cure: ends the error's message: what to choose instead.

    Raises:
        ConfigurationError: a command topic is in use; the message says by whom.
    """
    _look(namespace, cure, discovery_s)
    # The participant lives as long as anything that refers to its node.
    gc.collect()


def _look(namespace: str, cure: str, discovery_s: float) -> None:
    context = rclpy.Context()
    # Signals belong to the caller.
    rclpy.init(context=context, signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = rclpy.create_node(
            "pi0_arm_search",
            namespace=namespace,
            context=context,
            enable_rosout=False,
            start_parameter_services=False,
        )
        try:
            _search(node, cure, time.monotonic() + discovery_s)
        finally:
            node.destroy_node()
    finally:
        rclpy.shutdown(context=context)


def _search(node: Any, cure: str, deadline_s: float) -> None:
    names = [node.resolve_topic_name(topic.name) for topic in _COMMANDS]
    while True:
        for name in names:
            if not _users(node, name):
                continue
            # Discovery learns of a node's topics before it learns the node's name.
            time.sleep(_NAMES_S)
            others = ", ".join(sorted(_users(node, name))) or "somebody who just left"
            raise ConfigurationError(
                f"{name} is in use by {others} in this ROS domain, another demo or an arm: {cure}"
            )
        if time.monotonic() > deadline_s:
            return
        # The middleware's own threads discover meanwhile; nothing here has to be served.
        time.sleep(_LOOK_S)


def _users(node: Any, topic: str) -> set[str]:
    """Nodes that publish on or subscribe to the topic."""
    ends = (
        *node.get_publishers_info_by_topic(topic),
        *node.get_subscriptions_info_by_topic(topic),
    )
    return {end.node_name for end in ends}
