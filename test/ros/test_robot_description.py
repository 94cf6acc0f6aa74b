"""The wait for the robot's description ends with it, with a reason, or with the process."""

import threading
import time
from typing import Any

import pytest
from rclpy.node import Node
from std_msgs.msg import String

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.stop_request import StopRequest
from pi0_ros.ros import topics
from pi0_ros.ros.entities import profile
from pi0_ros.ros.qos import RELIABLE, Qos
from pi0_ros.ros.robot_description import robot_description

TEXT = "<robot name='arm'/>"


def publisher(world: Any, qos: Qos = topics.ROBOT_DESCRIPTION.published) -> Any:
    return world.helper.create_publisher(String, topics.ROBOT_DESCRIPTION.name, profile(qos))


def make_node(**kwargs: Any) -> Node:
    node = Node("listener", **kwargs)
    node.close = lambda: None
    return node


@pytest.fixture
def node(world: Any) -> Node:
    return world.start(make_node, {})


def listens(node: Node) -> bool:
    return "/robot_description" in {entry.topic_name for entry in node.subscriptions}


def test_a_description_that_was_latched_before_is_found(world: Any, node: Node) -> None:
    publisher(world).publish(String(data=TEXT))

    assert robot_description(node, StopRequest()) == TEXT
    assert not listens(node)


def test_a_description_that_comes_meanwhile_is_found(world: Any, node: Node) -> None:
    target = publisher(world)

    def publish_when_listened_to() -> None:
        end_s = time.monotonic() + 10.0
        while target.get_subscription_count() == 0 and time.monotonic() < end_s:
            time.sleep(0.005)
        target.publish(String(data=TEXT))

    thread = threading.Thread(target=publish_when_listened_to)
    thread.start()
    try:
        assert robot_description(node, StopRequest()) == TEXT
    finally:
        thread.join()


def test_a_name_in_a_namespace_is_told_in_full(world: Any) -> None:
    node = world.start(make_node, {}, namespace="left")
    with pytest.raises(ConfigurationError, match="on /left/robot_description"):
        robot_description(node, StopRequest(), deadline_s=0.0)


def test_without_a_publisher_the_reason_says_so(node: Node) -> None:
    with pytest.raises(ConfigurationError, match="nobody publishes it; start robot_state_publ"):
        robot_description(node, StopRequest(), deadline_s=0.1)
    assert not listens(node)


def test_a_publisher_that_does_not_latch_is_told_apart_from_none(world: Any, node: Node) -> None:
    publisher(world, RELIABLE).publish(String(data=TEXT))
    world.until(lambda: node.count_publishers("/robot_description") == 1, "the publisher")

    with pytest.raises(ConfigurationError, match="its 1 publishers sent none that is reliable and"):
        robot_description(node, StopRequest(), deadline_s=0.5)


def test_a_process_that_is_told_to_end_does_not_wait(node: Node) -> None:
    stop = StopRequest()
    stop.requested = True
    with pytest.raises(ConfigurationError, match="told to end while waiting"):
        robot_description(node, stop, deadline_s=5.0)
    assert not listens(node)
