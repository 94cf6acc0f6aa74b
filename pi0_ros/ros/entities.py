"""Publishers, subscriptions and services made from the tables in `topics`."""

import importlib
from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.service import Service as RosService
from rclpy.subscription import Subscription

from pi0_ros.ros.qos import Qos
from pi0_ros.ros.topics import Service, Topic


def interface(type_name: str) -> Any:
    """The class of "<package>/msg/<Type>" or "<package>/srv/<Type>"."""
    package, kind, name = type_name.split("/")
    return getattr(importlib.import_module(f"{package}.{kind}"), name)


def profile(qos: Qos) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=qos.depth,
        reliability=ReliabilityPolicy.RELIABLE
        if qos.reliability == "reliable"
        else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL
        if qos.durability == "transient local"
        else DurabilityPolicy.VOLATILE,
    )


def publisher(node: Node, topic: Topic) -> Publisher:
    return node.create_publisher(interface(topic.type), topic.name, profile(topic.published))


def subscription(node: Node, topic: Topic, callback: Callable[[Any], None]) -> Subscription:
    return node.create_subscription(
        interface(topic.type), topic.name, callback, profile(topic.subscribed)
    )


def service(node: Node, entry: Service, callback: Callable[[Any, Any], Any]) -> RosService:
    return node.create_service(interface(entry.type), entry.name, callback)
