"""Ends that DDS would never join are named, in the diagnostics and before activation."""

from typing import Any

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from pi0_ros.ros import topics
from pi0_ros.ros.controller import ControllerNode
from pi0_ros.ros.entities import interface
from pi0_ros.ros.managed_node import Phase
from pi0_ros.ros.mock_arm import MockArmNode

from .policy_rig import Rig as PolicyRig

BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
WANTS_HISTORY = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def rude_publisher(world: Any, topic: topics.Topic) -> Any:
    return world.helper.create_publisher(interface(topic.type), topic.name, BEST_EFFORT)


def rude_subscriber(world: Any, topic: topics.Topic) -> Any:
    return world.helper.create_subscription(
        interface(topic.type), topic.name, lambda message: None, WANTS_HISTORY
    )


def error(diagnostics: list[Any], node: str, words: str) -> bool:
    """Whether the newest diagnostics of the node are an error with these words."""
    found = [s for array in diagnostics for s in array.status if s.name == f"/{node}"]
    return bool(found) and found[-1].level == DiagnosticStatus.ERROR and words in found[-1].message


@pytest.mark.parametrize(
    ("topic", "rude"),
    [
        (topics.ACTION_CHUNK, rude_publisher),
        (topics.ESTOP, rude_publisher),
        (topics.JOINT_TRAJECTORY, rude_subscriber),
    ],
)
def test_the_controller_names_it_and_is_not_activated(
    world: Any, limits: dict[str, Any], topic: topics.Topic, rude: Any
) -> None:
    diagnostics = world.hear(topics.DIAGNOSTICS)
    end = rude(world, topic)
    world.start(MockArmNode, limits)
    node = world.start(ControllerNode, limits)
    node.trigger_configure()
    words = f"{topic.name}: helper"
    world.until(lambda: words in node.connection_problems, "the problem")
    assert "incompatible quality of service" in node.connection_problems
    node.trigger_activate()
    assert node.phase is Phase.INACTIVE
    assert words in node.refusal
    world.until(lambda: error(diagnostics, "pi0_controller", words), "diagnostics at ERROR")
    if rude is rude_publisher:
        world.helper.destroy_publisher(end)
    else:
        world.helper.destroy_subscription(end)

    def active() -> bool:
        if node.phase is Phase.INACTIVE:
            node.trigger_activate()
        return node.phase is Phase.ACTIVE

    world.until(active, "activation without it")
    assert not node.connection_problems


def test_the_policy_names_it_and_is_not_activated(world: Any, stub: Any) -> None:
    diagnostics = world.hear(topics.DIAGNOSTICS)
    rig = PolicyRig(world, stub, {})
    end = rude_publisher(world, topics.INSTRUCTION)
    words = f"{topics.INSTRUCTION.name}: helper publishes"
    rig.until(lambda: words in rig.node.connection_problems, "the problem")
    rig.node.trigger_activate()
    assert rig.node.phase is Phase.INACTIVE
    rig.until(lambda: error(diagnostics, "pi0_policy", words), "diagnostics at ERROR")
    world.helper.destroy_publisher(end)
    rig.activate()


def test_an_incompatible_end_that_comes_in_motion_is_told_and_stops_nothing(
    world: Any, stub: Any
) -> None:
    diagnostics = world.hear(topics.DIAGNOSTICS)
    rig = PolicyRig(world, stub, {})
    rig.activate()
    rude_publisher(world, topics.INSTRUCTION)
    rig.until(lambda: error(diagnostics, "pi0_policy", "instruction: helper"), "ERROR")
    assert rig.node.phase is Phase.ACTIVE
