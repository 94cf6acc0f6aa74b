"""Publishes SafetyReport and diagnostics of a configured controller."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from pi0_ros.core.control_loop import ControlLoop
from pi0_ros.core.control_state import ControlState
from pi0_ros.msg import SafetyReport
from pi0_ros.ros import topics
from pi0_ros.ros.diagnostics import Level, diagnostics_message
from pi0_ros.ros.entities import publisher
from pi0_ros.ros.managed_node import ManagedNode
from pi0_ros.ros.safety_report import LEVELS, diagnostic_values, safety_message

_DIAGNOSTICS_S = 1.0


class ControllerReporter:
    """May be used from any thread. Numbers the reports over the life of the process."""

    def __init__(self, node: ManagedNode, report_rate_hz: float) -> None:
        self._node = node
        self._loop: ControlLoop | None = None
        self._lock = threading.Lock()
        self._sequence = 0
        self._newest: SafetyReport | None = None
        self._not_compared: Mapping[str, int] = {}
        self._unreadable: Counter[str] = Counter()
        self._reports = publisher(node, topics.SAFETY_REPORT)
        self._diagnostics = publisher(node, topics.DIAGNOSTICS)
        node.create_steady_timer(1.0 / report_rate_hz, self.publish)
        node.create_steady_timer(_DIAGNOSTICS_S, self._publish_diagnostics)

    def watch(self, loop: ControlLoop | None) -> None:
        """Reports on `loop` from now on; on nothing where it is None."""
        with self._lock:
            self._loop = loop
            self._newest = None

    def restart_counters(self) -> None:
        with self._lock:
            self._unreadable.clear()

    def unreadable_chunk(self, kind: str) -> None:
        """Counts a chunk that was rejected before it came to the loop."""
        with self._lock:
            self._unreadable[kind] += 1

    def publish(self) -> None:
        with self._lock:
            if self._loop is None:
                return
            self._sequence += 1
            report, now_ns = self._loop.report(), self._node.now_ns()
            rejected = dict(Counter(report.rejected) + self._unreadable)
            message = safety_message(replace(report, rejected=rejected), self._sequence, now_ns)
            if report.state is ControlState.INACTIVE:
                message.reason = self._node.refusal
            self._newest, self._not_compared = message, report.divergence.skipped
            self._reports.publish(message)

    def _publish_diagnostics(self) -> None:
        with self._lock:
            newest, not_compared = self._newest, self._not_compared
        level, text, values = Level.WARN, self._node.refusal or self._node.phase.value, {}
        if newest is not None:
            state = ControlState(newest.state)
            level, values = LEVELS[state], diagnostic_values(newest, not_compared)
            text = newest.reason or state.name
            if newest.dry_run:
                text = f"DRY RUN, nothing is sent to the arm: {text}"
        if self._node.connection_problems:
            level, text = Level.ERROR, self._node.connection_problems
        self._diagnostics.publish(
            diagnostics_message(
                self._node.now_ns(), self._node.get_fully_qualified_name(), level, text, values
            )
        )
