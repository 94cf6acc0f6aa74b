"""Publishes PolicyStatus and diagnostics: on every change, and again and again."""

import threading
import time
from collections.abc import Callable

from pi0_ros.ros import topics
from pi0_ros.ros.diagnostics import Level, diagnostics_message
from pi0_ros.ros.entities import publisher
from pi0_ros.ros.managed_node import ManagedNode
from pi0_ros.ros.policy_status import LEVELS, StatusView, diagnostic_values, status_message

_DIAGNOSTICS_S = 1.0
# Refused inputs are told at once, but streams of them no more often than this.
_REFUSALS_S = 0.1
_SLOWED_S = 10.0


class PolicyReporter:
    """May be used from any thread.

    Args:
        view: what the node is doing now.
    """

    def __init__(
        self, node: ManagedNode, status_rate_hz: float, view: Callable[[], StatusView]
    ) -> None:
        self._node = node
        self._view = view
        self._lock = threading.Lock()
        self._published: tuple[object, ...] | None = None
        self._refusals = 0
        self._refusals_told_s = float("-inf")
        self._status = publisher(node, topics.POLICY_STATUS)
        self._diagnostics = publisher(node, topics.DIAGNOSTICS)
        node.create_steady_timer(1.0 / status_rate_hz, self.publish)
        node.create_steady_timer(_DIAGNOSTICS_S, self._publish_diagnostics)

    def publish(self) -> None:
        with self._lock:
            self._publish(self._view())

    def publish_if_changed(self) -> None:
        with self._lock:
            view = self._view()
            refused = view.refusals != self._refusals
            if view.change_key != self._published or (
                refused and time.monotonic() - self._refusals_told_s >= _REFUSALS_S
            ):
                self._publish(view)

    def _publish(self, view: StatusView) -> None:
        self._published = view.change_key
        if view.slowed:
            self._node.get_logger().warning(view.slowed, throttle_duration_sec=_SLOWED_S)
        if view.refusals != self._refusals:
            self._refusals, self._refusals_told_s = view.refusals, time.monotonic()
        self._status.publish(status_message(view, self._node.now_ns()))

    def _publish_diagnostics(self) -> None:
        view, unconnected = self._view(), self._node.connection_problems
        status = status_message(view, self._node.now_ns())
        self._diagnostics.publish(
            diagnostics_message(
                self._node.now_ns(),
                self._node.get_fully_qualified_name(),
                self._level(view, unconnected),
                unconnected or view.reason or view.slowed or view.state.name.lower(),
                diagnostic_values(status),
                hardware_id=status.policy_id,
            )
        )

    @staticmethod
    def _level(view: StatusView, unconnected: str) -> Level:
        if unconnected:
            return Level.ERROR
        return Level.WARN if view.slowed else LEVELS[view.state]
