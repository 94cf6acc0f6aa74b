"""Asks the arm's own controller how it is set, for as long as somebody wants to know."""

import time
from collections.abc import Callable
from typing import Any

from rcl_interfaces.msg import ParameterType
from rcl_interfaces.srv import GetParameters

from pi0_ros.core.arm_controller import expected_settings, wrong_setting
from pi0_ros.ros.managed_node import ManagedNode, Phase

_DEADLINE_S = 1.0


class ArmControllerWatch:
    """Vetoes motion where a parameter of the arm's controller is not as expected.

    The controller is the parent of the topic that it is commanded by. One that has no parameter
    services is believed. Nothing here waits: `look` asks and uses what has been answered.

    Args:
        command_topic: fully resolved.
        interpolate_from_desired_state: what the controller is said to be set to.
        veto: called with a source and what is wrong, empty where nothing is, in the thread that
            spins the node.
    """

    def __init__(
        self,
        node: ManagedNode,
        command_topic: str,
        interpolate_from_desired_state: bool,
        veto: Callable[[str, str], None],
    ) -> None:
        self._node = node
        self._controller = command_topic.rpartition("/")[0]
        self._expected = expected_settings(interpolate_from_desired_state)
        self._veto = veto
        self._service = f"{self._controller}/get_parameters"
        self._client: Any = node.create_client(GetParameters, self._service)
        self._asked: dict[str, tuple[Any, float]] = {}
        self._told = False

    def look(self) -> None:
        """Asks what is not known yet, and says what is wrong."""
        ready = self._client.service_is_ready()
        if not ready:
            # Whoever comes next may be set otherwise.
            self._forget()
        for name, expected in self._expected.items():
            self._veto(f"{self._service} {name}", self._problem(name, expected) if ready else "")

    def tell_if_unknown(self) -> None:
        """Logs once that nobody can be asked."""
        if not self._told and not self._client.service_is_ready():
            self._told = True
            self._node.get_logger().info(
                f"nobody answers {self._service}: the parameters "
                f"{', '.join(self._expected)} of the arm's controller are not verified"
            )

    def close(self) -> None:
        self._forget()
        self._node.destroy_client(self._client)

    def _forget(self) -> None:
        for future, _ in self._asked.values():
            self._client.remove_pending_request(future)
        self._asked.clear()

    def _problem(self, name: str, expected: bool) -> str:
        now_s = time.monotonic()
        if name not in self._asked:
            self._asked[name] = self._client.call_async(GetParameters.Request(names=[name])), now_s
        future, asked_s = self._asked[name]
        if future.done():
            values = future.result().values
            # One that does not know the parameter does not do what it stands for.
            if not values or values[0].type != ParameterType.PARAMETER_BOOL:
                return ""
            return wrong_setting(self._controller, name, bool(values[0].bool_value), expected)
        if self._node.phase is Phase.ACTIVE:
            return ""
        if now_s - asked_s < _DEADLINE_S:
            return f"{self._service}: asked for {name}, no answer yet"
        self._client.remove_pending_request(future)
        del self._asked[name]
        return f"{self._service}: asked for {name}, no answer within {_DEADLINE_S:g} s"
