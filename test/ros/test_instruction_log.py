"""What anybody says on the topic instruction is in the log as one printable line, or not at all."""

from typing import Any

import pytest
from rcl_interfaces.msg import Log
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import String

from pi0_ros.ros import topics
from pi0_ros.ros.policy import PolicyNode


@pytest.mark.parametrize(
    "text",
    [
        "pick\x1b[2J up",
        "pick\n[FATAL] [1.0] [pi0_controller]: all is lost",
        "pick \u202epu",
        "\x07" * 500,
        "x" * 100_000,
    ],
    ids=["terminal", "line", "direction", "bell", "long"],
)
def test_a_hostile_instruction_is_one_printable_line(world: Any, stub: Any, text: str) -> None:
    said: list[Log] = []
    latched = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    world.helper.create_subscription(Log, "/rosout", said.append, latched)
    parameters = {"camera_names": ["main", "side"], "policy_path": "/stub"}
    node = world.start(PolicyNode, parameters, load=lambda config: stub)
    node.trigger_configure()
    world.publisher(topics.INSTRUCTION).publish(String(data=text))
    world.until(lambda: any("refused on instruction" in entry.msg for entry in said), "a refusal")
    assert all(entry.msg.isprintable() and len(entry.msg) < 400 for entry in said)
