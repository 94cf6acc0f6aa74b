"""What a listener heard: plain data, so that a check needs no ROS."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Picture:
    """An image message without its pixels; `size` is the number of data bytes."""

    stamp_ns: int
    frame_id: str
    encoding: str
    height: int
    width: int
    step: int
    size: int


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A publisher or a subscription, as discovery shows it."""

    node: str
    type: str
    reliable: bool
    transient_local: bool


@dataclass(slots=True)
class Recording:
    """Messages by topic, in the order of arrival; topics as in the tables, without namespace."""

    pictures: dict[str, list[Picture]] = field(default_factory=dict)
    messages: dict[str, list[Any]] = field(default_factory=dict)

    def of(self, topic: str) -> list[Any]:
        return self.messages.get(topic, [])

    def last(self, topic: str) -> Any | None:
        messages = self.of(topic)
        return messages[-1] if messages else None


def nanoseconds(time_or_duration: Any) -> int:
    return int(time_or_duration.sec) * 1_000_000_000 + int(time_or_duration.nanosec)
