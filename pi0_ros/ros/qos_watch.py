"""Whether the qualities of service on a node's topics let messages through."""

from collections.abc import Sequence
from typing import Any

from rclpy.duration import Duration
from rclpy.qos import QoSCompatibility, QoSProfile, qos_check_compatible

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.ros.entities import profile
from pi0_ros.ros.topics import Topic

_LOOK_S = 0.5
_NEVER = Duration(seconds=365 * 86_400)


class QosWatch:
    """Compares the node's own ends with all others in the graph, twice a second until `close`.

    DDS joins no two ends whose qualities do not fit, and says so nowhere a user looks: a topic is
    then silent although both ends are there.

    Attributes:
        problems: one sentence for each end that does not fit; empty when all do.
    """

    def __init__(self, node: Any, subscribed: Sequence[Topic], published: Sequence[Topic]) -> None:
        self._node = node
        self._subscribed = tuple(subscribed)
        self._published = tuple(published)
        self.problems: tuple[str, ...] = ()
        self._timer = node.create_steady_timer(_LOOK_S, self.look)

    def look(self) -> None:
        """Brings `problems` up to date."""
        self.problems = (*self._of_publishers(), *self._of_subscribers())

    def require(self) -> None:
        """
        Raises:
            ConfigurationError: an end does not fit, now.
        """
        self.look()
        if self.problems:
            raise ConfigurationError("; ".join(self.problems))

    def close(self) -> None:
        self._node.destroy_timer(self._timer)

    def _of_publishers(self) -> list[str]:
        found = []
        for topic in self._subscribed:
            ours = profile(topic.subscribed)
            for end in self._node.get_publishers_info_by_topic(topic.name):
                fit, why = qos_check_compatible(_declared(end.qos_profile), ours)
                if fit == QoSCompatibility.ERROR:
                    found.append(_sentence(topic, end.node_name, "publishes", why))
        return found

    def _of_subscribers(self) -> list[str]:
        found = []
        for topic in self._published:
            ours = profile(topic.published)
            for end in self._node.get_subscriptions_info_by_topic(topic.name):
                fit, why = qos_check_compatible(ours, _declared(end.qos_profile))
                if fit == QoSCompatibility.ERROR:
                    found.append(_sentence(topic, end.node_name, "subscribes", why))
        return found


def _declared(seen: QoSProfile) -> QoSProfile:
    """The other end's qualities; the graph shows times that were never given as centuries."""
    given = QoSProfile(depth=1, reliability=seen.reliability, durability=seen.durability)
    if seen.deadline < _NEVER:
        given.deadline = seen.deadline
    if seen.liveliness_lease_duration < _NEVER:
        given.liveliness_lease_duration = seen.liveliness_lease_duration
    return given


def _sentence(topic: Topic, other: str, does: str, why: str) -> str:
    words = why.replace("ERROR: ", " ").strip("; ").lower()
    return f"{topic.name}: {other} {does} with an incompatible quality of service ({words})"
