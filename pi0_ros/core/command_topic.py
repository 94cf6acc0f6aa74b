"""Who else is on the topic that commands the arm, as sentences about what is wrong."""

from collections.abc import Sequence

SECOND_PUBLISHER = "second publisher"
NO_SUBSCRIBER = "no subscriber"
# A subscriber that is away for less than this may only be restarting.
SUBSCRIBER_GRACE_NS = 200_000_000


def second_publisher(topic: str, own_name: str, publishers: Sequence[str]) -> str:
    """Names the other nodes that publish on `topic`; empty where there are none.

    Args:
        own_name: this node's full name.
        publishers: full name of the node behind every publisher, this node's own one included.
    """
    others = list(publishers)
    if own_name in others:
        others.remove(own_name)
    if not others:
        return ""
    names = ", ".join(sorted(set(others))).replace(own_name, f"another node called {own_name}")
    return f"{names} also publishes on {topic}: only one node may command the arm"


class SubscriberWatch:
    """Notices that nobody listens; while active only after a grace, by the steady clock."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._alone_since_ns: int | None = None

    def problem(self, subscribers: int, active: bool, steady_ns: int) -> str:
        """Why that many subscribers are too few; empty where they are not."""
        if subscribers > 0:
            self._alone_since_ns = None
            return ""
        if self._alone_since_ns is None:
            self._alone_since_ns = steady_ns
        if active and steady_ns - self._alone_since_ns <= SUBSCRIBER_GRACE_NS:
            return ""
        return (
            f"nobody subscribes to {self._topic}: start the arm's controller, remap the topic to "
            "its name, or change the parameter command_interface"
        )
