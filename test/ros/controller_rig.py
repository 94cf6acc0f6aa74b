"""A controller before a mocked arm, and what both say."""

from typing import Any

import numpy as np
from pi0_ros.msg import SafetyReport
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from pi0_ros.core.chunk import ActionChunk
from pi0_ros.ros import topics
from pi0_ros.ros.controller import ControllerNode
from pi0_ros.ros.conversions import chunk_message
from pi0_ros.ros.managed_node import Phase
from pi0_ros.ros.mock_arm import MockArmNode
from pi0_ros.sim.demo_arm import HOME, JOINT_NAMES

STEP_NS = 33_333_333


class Rig:
    """A controller before a mocked arm."""

    def __init__(self, world: Any, parameters: dict[str, Any], hear_commands: bool = True) -> None:
        self.world = world
        self.reports: list[SafetyReport] = world.hear(topics.SAFETY_REPORT)
        self.trajectories = world.hear(topics.JOINT_TRAJECTORY) if hear_commands else []
        self.positions = world.hear(topics.POSITION_COMMANDS) if hear_commands else []
        self.states: list[JointState] = world.hear(topics.JOINT_STATES)
        self.node = world.start(ControllerNode, {**parameters, "autostart": True})
        self.arm = world.start(MockArmNode, parameters)
        world.until(lambda: self.node.phase is Phase.ACTIVE, "the controller to be active")
        self.chunks = world.publisher(topics.ACTION_CHUNK)
        self.sequence = 0

    def send(self, rows: np.ndarray, **changes: Any) -> None:
        self.sequence += 1
        values = {
            "stamp_ns": self.node.now_ns(),
            "step_ns": STEP_NS,
            "joint_names": JOINT_NAMES,
            "positions": rows,
            "sequence": self.sequence,
            "epoch": 1,
        }
        chunk = ActionChunk(**{**values, **changes})
        self.chunks.publish(chunk_message(chunk, "do it", "stub", 0))

    def wait_for_state(self, state: int, words: str = "") -> SafetyReport:
        def found() -> SafetyReport | None:
            newest = self.reports[-1] if self.reports else None
            return newest if newest and newest.state == state and words in newest.reason else None

        return self.world.until(found, f"state {state} {words!r}")

    def call(self, service: topics.Service) -> Trigger.Response:
        return self.world.call(service.type, service.name)


def deafen(arm: MockArmNode) -> None:
    """The arm's controller goes away; its joint states go on."""
    for entry in list(arm.subscriptions):
        if entry.topic_name.endswith((topics.JOINT_TRAJECTORY.name, topics.POSITION_COMMANDS.name)):
            arm.destroy_subscription(entry)


def sway(rows: int = 30, reach: float = 0.1) -> np.ndarray:
    """A gentle motion of all joints from home."""
    lift = reach * (1.0 - np.cos(np.linspace(0.0, np.pi, rows))) / 2.0
    return HOME + lift[:, np.newaxis]
