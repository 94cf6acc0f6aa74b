"""Qualities of service as a bag keeps them, so that `ros2 bag play` offers what was offered."""

from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rosbags.interfaces import (
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)

from pi0_ros.ros.entities import profile
from pi0_ros.ros.topics import Topic


def offered(node: Node, topic: Topic) -> tuple[Qos, ...]:
    """What the publishers of a topic offer; what the table says where none is there any more."""
    ends = node.get_publishers_info_by_topic(topic.name)
    # One that sends another type under this name is heard by nobody here.
    profiles = [end.qos_profile for end in ends if end.topic_type == topic.type] or [
        profile(topic.published)
    ]
    kept = [_kept(given, topic.published.depth) for given in profiles]
    return tuple(dict.fromkeys(kept))


def _kept(given: QoSProfile, depth: int) -> Qos:
    """The graph does not tell history and depth: those of the table."""
    return Qos(
        QosHistory.KEEP_LAST,
        depth,
        QosReliability.BEST_EFFORT
        if given.reliability == ReliabilityPolicy.BEST_EFFORT
        else QosReliability.RELIABLE,
        QosDurability.TRANSIENT_LOCAL
        if given.durability == DurabilityPolicy.TRANSIENT_LOCAL
        else QosDurability.VOLATILE,
        _time(given.deadline),
        _time(given.lifespan),
        QosLiveliness(int(given.liveliness) or QosLiveliness.AUTOMATIC.value),
        _time(given.liveliness_lease_duration),
        bool(given.avoid_ros_namespace_conventions),
    )


def _time(duration: Duration) -> QosTime:
    return QosTime(*divmod(int(duration.nanoseconds), 1_000_000_000))
