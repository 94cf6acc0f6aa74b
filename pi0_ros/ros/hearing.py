"""How a recorder hears: messages for those who decode them, and their bytes for a bag."""

from collections.abc import Callable, Mapping
from typing import Any

from rclpy.node import Node
from rclpy.serialization import deserialize_message
from rclpy.subscription import Subscription

from pi0_ros.core.errors import InputRefused
from pi0_ros.ros.bag.contents import deep
from pi0_ros.ros.bag.episode_bag import Channel
from pi0_ros.ros.bag.offered import offered
from pi0_ros.ros.bag.recorder import BagRecorder
from pi0_ros.ros.entities import interface, profile, subscription
from pi0_ros.ros.refusal_log import RefusalLog
from pi0_ros.ros.topics import Topic

# Two messages that a stopped or coarse clock gives one time are still one after the other.
_SAME_NS = 1_000_000


class Hearing:
    """Plain subscriptions."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def now_ns(self) -> int:
        """ROS time."""
        return int(self._node.get_clock().now().nanoseconds)

    def subscribe(self, topic: Topic, callback: Callable[[Any], None]) -> Subscription:
        return subscription(self._node, topic, callback)

    def sampling(self) -> int:
        """ROS time at which a frame is taken."""
        return self.now_ns()


class BagHearing(Hearing):
    """Every message goes into the bag before it is decoded, so that none is in one of both only.

    Whoever asks for the time while a message is dealt with is told the time that its bag says: the
    bag then leads to the same frames again. All times are different, in the order of what happened.

    Args:
        facts: what a bag's metadata should say, asked when an episode begins.
    """

    def __init__(
        self,
        node: Node,
        bag: BagRecorder,
        refusals: RefusalLog,
        facts: Callable[[], Mapping[str, str]],
    ) -> None:
        super().__init__(node)
        self._bag = bag
        self._refusals = refusals
        self._newest_ns = -1
        self._in_hand: int | None = None
        bag.join(self._channel, facts)

    def now_ns(self) -> int:
        return super().now_ns() if self._in_hand is None else self._in_hand

    def sampling(self) -> int:
        return self._next_ns()

    def subscribe(self, topic: Topic, callback: Callable[[Any], None]) -> Subscription:
        kind = interface(topic.type)

        def heard(data: bytes) -> None:
            self._in_hand = self._next_ns()
            try:
                self._bag.heard(topic, self._in_hand, data)
                callback(deserialize_message(data, kind))
            # rclpy's error has no name of its own outside its extension.
            except RuntimeError as error:
                if not str(error).startswith("failed to deserialize"):
                    raise
                self._refusals.refused(
                    topic.name, InputRefused("not decodable", f"{topic.name}: {error}")
                )
            finally:
                self._in_hand = None

        return self._raw(topic, heard)

    def only_record(self, topic: Topic) -> Subscription:
        """For the bag alone; nobody here decodes it."""
        return self._raw(topic, lambda data: self._bag.heard(topic, self._next_ns(), data))

    def _raw(self, topic: Topic, callback: Callable[[bytes], None]) -> Subscription:
        return self._node.create_subscription(
            interface(topic.type),
            topic.name,
            callback,
            profile(deep(topic).subscribed),
            raw=True,
        )

    def _next_ns(self) -> int:
        now_ns = super().now_ns()
        if now_ns <= self._newest_ns < now_ns + _SAME_NS:
            now_ns = self._newest_ns + 1
        self._newest_ns = now_ns
        return now_ns

    def _channel(self, topic: Topic) -> Channel:
        return Channel(
            self._node.resolve_topic_name(topic.name), topic.type, offered(self._node, topic)
        )
