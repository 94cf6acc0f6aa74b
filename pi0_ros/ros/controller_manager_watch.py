"""Asks the controller manager whether the arm's controller is active, as long as somebody cares."""

import time
from collections.abc import Callable
from typing import Any

from pi0_ros.core.manager_answers import ManagerAnswers, manager_name
from pi0_ros.ros.entities import interface
from pi0_ros.ros.managed_node import ManagedNode, Phase

_PACKAGE = "controller_manager_msgs"


class ControllerManagerWatch:
    """Vetoes motion while the arm's controller is not active, and holds where that is not known.

    The controller is the parent of the topic that it is commanded by. Where nobody can be asked, or
    does not know it, it is believed. Nothing here waits: `look` asks and judges, and so does an
    answer when it comes.

    Args:
        command_topic: fully resolved.
        manager: the parameter controller_manager.
        veto: called with a source and what is wrong, empty where nothing is, in the thread that
            spins the node.
        pause: as veto, with what is not known.

    Raises:
        ConfigurationError: `manager` cannot be a node's name.
    """

    def __init__(
        self,
        node: ManagedNode,
        command_topic: str,
        manager: str,
        veto: Callable[[str, str], None],
        pause: Callable[[str, str], None],
    ) -> None:
        self._node = node
        self._veto = veto
        self._pause = pause
        controller = command_topic.rpartition("/")[0]
        self._answers = ManagerAnswers(controller, manager_name(controller, manager))
        self._client: Any = list_controllers_client(node, self._answers.service)
        self._question: Any = None
        self._told = ""

    def look(self) -> None:
        """Asks where it is time to, and says what is wrong."""
        reachable = self._client is not None and bool(self._client.service_is_ready())
        now_ns = time.monotonic_ns()
        if reachable and self._answers.must_ask(now_ns):
            self._ask(now_ns)
        self._judge(reachable, now_ns)

    def close(self) -> None:
        self._give_up()
        if self._client is not None:
            self._node.destroy_client(self._client)

    def _ask(self, now_ns: int) -> None:
        self._give_up()
        self._answers.asked(now_ns)
        self._question = self._client.call_async(self._client.srv_type.Request())
        self._question.add_done_callback(self._take)

    def _give_up(self) -> None:
        if self._question is not None:
            self._client.remove_pending_request(self._question)
        self._question = None

    def _take(self, question: Any) -> None:
        self._question = None
        listed = {entry.name: entry.state for entry in question.result().controller}
        now_ns = time.monotonic_ns()
        self._answers.answered(listed, now_ns)
        self._judge(True, now_ns)

    def _judge(self, reachable: bool, now_ns: int) -> None:
        active = self._node.phase is Phase.ACTIVE
        following = self._answers.following(reachable, active, now_ns)
        self._veto(self._answers.service, following.problem)
        self._pause(self._answers.service, following.doubt)
        unverified = following.unverified
        if self._client is None:
            unverified = self._answers.trusted(f"{_PACKAGE} is not installed")
        # Before that, somebody may still be on the way.
        if active and unverified not in ("", self._told):
            self._told = unverified
            self._node.get_logger().info(unverified)


def list_controllers_client(node: ManagedNode, service: str) -> Any:
    """A client of a controller manager's list; None where its messages are not installed."""
    try:
        # The only use of this package, which has no wheels.
        kind = interface(f"{_PACKAGE}/srv/ListControllers")
    except ImportError:
        return None
    return node.create_client(kind, service)
