"""A policy node with a stub policy, and hands that feed it."""

import array
import time
from collections.abc import Callable
from typing import Any

from pi0_ros.msg import ActionChunk, PolicyStatus
from sensor_msgs.msg import Image, JointState

from pi0_ros.ros import topics
from pi0_ros.ros.conversions import time_message
from pi0_ros.ros.managed_node import Phase
from pi0_ros.ros.policy import PolicyNode
from pi0_ros.sim.demo_arm import HOME, JOINT_NAMES

HEIGHT, WIDTH = 480, 640
BASE = {
    "camera_names": ["main", "side"],
    "policy_path": "/stub",
    "inference_rate": 50.0,
    "instruction": "pick",
}


class Rig:
    """Feeds all inputs while it waits."""

    def __init__(self, world: Any, stub: Any, parameters: dict[str, Any]) -> None:
        self.world = world
        self.stub = stub
        self.chunks: list[ActionChunk] = world.hear(topics.ACTION_CHUNK)
        self.statuses: list[PolicyStatus] = world.hear(topics.POLICY_STATUS)
        self.node = world.start(PolicyNode, {**BASE, **parameters}, load=lambda config: stub)
        self.node.trigger_configure()
        assert self.node.phase is Phase.INACTIVE, self.node.refusal
        compressed = self.node.parameters.values.by_name.get("cameras.side.transport")
        side = topics.CAMERA_COMPRESSED if compressed == "compressed" else topics.CAMERA_RAW
        self.cameras = {
            "main": world.publisher(topics.CAMERA_RAW.of_camera("main")),
            "side": world.publisher(side.of_camera("side")),
        }
        self.joints = world.publisher(topics.JOINT_STATES)
        self.instructions = world.publisher(topics.INSTRUCTION)
        self.feeds: dict[str, Callable[[int], None]] = {
            "main": lambda stamp_ns: self.cameras["main"].publish(image(stamp_ns)),
            "side": lambda stamp_ns: self.cameras["side"].publish(image(stamp_ns)),
            "joints": lambda stamp_ns: self.joints.publish(joint_state(stamp_ns)),
        }
        self._fed_s = 0.0

    def feed(self) -> None:
        """All inputs at about 50 Hz, called while waiting."""
        if time.monotonic() - self._fed_s > 0.02:
            self._fed_s = time.monotonic()
            stamp_ns = time.time_ns()
            for send in list(self.feeds.values()):
                send(stamp_ns)

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        def fed() -> Any:
            self.feed()
            return condition()

        return self.world.until(fed, what)

    def activate(self) -> None:
        def active() -> bool:
            if self.node.phase is Phase.INACTIVE:
                self.node.trigger_activate()
            return self.node.phase is Phase.ACTIVE

        self.until(active, f"activation; {self.node.refusal}")

    def status(self, state: int, words: str = "") -> PolicyStatus:
        def found() -> PolicyStatus | None:
            newest = self.statuses[-1] if self.statuses else None
            return newest if newest and newest.state == state and words in newest.reason else None

        return self.until(found, f"state {state} {words!r}")

    def refusals(self, kind: str) -> int:
        newest = self.statuses[-1]
        counts = dict(zip(newest.refused_kinds, newest.refused_counts, strict=True))
        return counts.get(kind, 0)


def image(stamp_ns: int, **changes: Any) -> Image:
    message = Image(height=HEIGHT, width=WIDTH, encoding="rgb8", step=WIDTH * 3)
    message.header.stamp = time_message(stamp_ns)
    message.data = array.array("B", bytes(HEIGHT * WIDTH * 3))
    for field, value in changes.items():
        setattr(message, field, value)
    return message


def joint_state(stamp_ns: int, **changes: Any) -> JointState:
    values = {"name": list(JOINT_NAMES), "position": HOME.tolist(), **changes}
    message = JointState(**values)
    message.header.stamp = time_message(stamp_ns)
    return message
