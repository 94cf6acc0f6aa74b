"""Lets a mock misbehave while its parameter says so, and tells when that had an effect."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from rcl_interfaces.msg import SetParametersResult

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.msg import InjectedFault
from pi0_ros.ros import topics
from pi0_ros.ros.conversions import time_message
from pi0_ros.ros.entities import publisher
from pi0_ros.ros.fault_parameter import NO_FAULT, parsed_fault

_NAME = "fault"


class FaultSwitch:
    """Follows the parameter `fault` of one node.

    Args:
        kinds: fault -> what it looks like.
        targets: what a fault can be narrowed to, the default one last.

    Raises:
        ConfigurationError: the parameter cannot work.
    """

    def __init__(self, node: Any, kinds: Mapping[str, str], targets: Sequence[str] = ()) -> None:
        self._node = node
        self._kinds = dict(kinds)
        self._targets = tuple(targets)
        self._lock = threading.Lock()
        text = node.parameters.values.text(_NAME)
        self._fault = parsed_fault(text, self._kinds, self._targets)
        self._told = NO_FAULT, ""
        self._events = publisher(node, topics.INJECTED_FAULTS)
        node.add_on_set_parameters_callback(self._take)

    def now(self, target: str = "") -> str:
        """The fault in force for `target`, for the caller to act by: this announces it."""
        with self._lock:
            kind, its_target = self._fault
            if self._fault != self._told and (kind == NO_FAULT or target == its_target):
                self._told = self._fault
                self._tell(kind, its_target)
            return kind if target == its_target else NO_FAULT

    def first(self) -> tuple[str, str]:
        """The fault in force and its target, for a node that acts on all targets at once."""
        with self._lock:
            if self._fault != self._told:
                self._told = self._fault
                self._tell(*self._fault)
            return self._fault

    def _tell(self, kind: str, target: str) -> None:
        event = InjectedFault(node=self._node.get_name(), fault=kind, target=target)
        event.header.stamp = time_message(self._node.now_ns())
        self._events.publish(event)
        words = f"misbehaves on purpose: {kind} {target}" if kind else "behaves again"
        self._node.get_logger().warning(words)

    def _take(self, parameters: Sequence[Any]) -> SetParametersResult:
        for parameter in parameters:
            if parameter.name == _NAME:
                try:
                    fault = parsed_fault(str(parameter.value), self._kinds, self._targets)
                except ConfigurationError as error:
                    return SetParametersResult(successful=False, reason=str(error))
                with self._lock:
                    self._fault = fault
        return SetParametersResult(successful=True)
