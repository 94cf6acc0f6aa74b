"""The way to the arm: one publisher, and a watch over who else is there and how it is set."""

import time
from collections.abc import Callable
from typing import Any

from pi0_ros.core.command_topic import (
    NO_SUBSCRIBER,
    SECOND_PUBLISHER,
    SubscriberWatch,
    second_publisher,
)
from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.control_state import Command
from pi0_ros.core.printable import printable
from pi0_ros.ros import topics
from pi0_ros.ros.arm_controller_watch import ArmControllerWatch
from pi0_ros.ros.controller_manager_watch import ControllerManagerWatch
from pi0_ros.ros.conversions import position_message, trajectory_message
from pi0_ros.ros.entities import publisher
from pi0_ros.ros.managed_node import ManagedNode, Phase

_LOOK_S = 0.1
# Asking the graph for publishers is dearer than counting one's own subscribers.
_LOOKS_PER_GRAPH_LOOK = 5


class CommandOutput:
    """Sends commands; in a dry run it has no publisher, sends nothing and watches nobody.

    Args:
        joint_names: in the order of every command.
        controller_manager: the parameter of that name.
        veto: called with a source and what is wrong with the command topic, empty where nothing
            is, in the thread that spins the node.
        pause: as veto, with what is not known for now.

    Raises:
        ConfigurationError: `controller_manager` cannot be a node's name.

    Attributes:
        topic: what commands are sent on.
    """

    def __init__(
        self,
        node: ManagedNode,
        config: ControlConfig,
        joint_names: tuple[str, ...],
        controller_manager: str,
        veto: Callable[[str, str], None],
        pause: Callable[[str, str], None],
    ) -> None:
        self._node = node
        self._joint_names = joint_names
        self._veto = veto
        self._trajectories = config.command_interface == "joint_trajectory"
        self.topic = topics.JOINT_TRAJECTORY if self._trajectories else topics.POSITION_COMMANDS
        self._subscribers = SubscriberWatch(self.topic.name)
        self._looks = 0
        self._publisher: Any = None
        self._manager: ControllerManagerWatch | None = None
        self._arm_controller: ArmControllerWatch | None = None
        self._timer: Any = None
        if not config.dry_run:
            topic_name = node.resolve_topic_name(self.topic.name)
            self._manager = ControllerManagerWatch(
                node, topic_name, controller_manager, veto, pause
            )
            self._publisher = publisher(node, self.topic)
            if self._trajectories:
                self._arm_controller = ArmControllerWatch(
                    node,
                    topic_name,
                    config.interpolate_from_desired_state,
                    veto,
                )
            self._timer = node.create_steady_timer(_LOOK_S, self._look_again)

    def send(self, command: Command) -> None:
        """In any thread."""
        if self._publisher is None:
            return
        self._publisher.publish(
            trajectory_message(command.trajectory, self._joint_names)
            if self._trajectories
            else position_message(command.position)
        )

    def look(self) -> None:
        """Says now what is wrong with the topic."""
        if self._publisher is not None:
            self._look_for_subscribers()
            self._look_for_publishers()
        if self._manager is not None:
            self._manager.look()
        if self._arm_controller is not None:
            self._arm_controller.look()
            self._arm_controller.tell_if_unknown()

    def close(self) -> None:
        if self._manager is not None:
            self._manager.close()
        self._manager = None
        if self._arm_controller is not None:
            self._arm_controller.close()
        self._arm_controller = None
        if self._publisher is not None:
            self._node.destroy_timer(self._timer)
            self._node.destroy_publisher(self._publisher)
        self._publisher = None

    def _look_again(self) -> None:
        self._look_for_subscribers()
        if self._manager is not None:
            self._manager.look()
        if self._arm_controller is not None:
            self._arm_controller.look()
        self._looks += 1
        if self._looks % _LOOKS_PER_GRAPH_LOOK == 0:
            self._look_for_publishers()

    def _look_for_subscribers(self) -> None:
        active = self._node.phase is Phase.ACTIVE
        count = self._publisher.get_subscription_count()
        problem = self._subscribers.problem(count, active, time.monotonic_ns())
        self._veto(NO_SUBSCRIBER, problem)

    def _look_for_publishers(self) -> None:
        names = [
            printable(f"{entry.node_namespace.rstrip('/')}/{entry.node_name}")
            for entry in self._node.get_publishers_info_by_topic(self.topic.name)
        ]
        own = self._node.get_fully_qualified_name()
        self._veto(SECOND_PUBLISHER, second_publisher(self.topic.name, own, names))
