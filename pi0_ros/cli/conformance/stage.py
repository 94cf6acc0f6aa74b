"""A running set of nodes and what a case can do to it."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from pi0_ros.cli.conformance.case import CaseFailed, Setting
from pi0_ros.cli.conformance.cast import Cast
from pi0_ros.cli.conformance.counts import refusals, rejections
from pi0_ros.cli.conformance.ear import Ear
from pi0_ros.msg import SafetyReport
from pi0_ros.ros import topics
from pi0_ros.ros.conversions import nanoseconds

ARM, CAMERAS, POLICY, CONTROLLER = "mock_arm", "mock_cameras", "pi0_policy", "pi0_controller"
RUN, HOLD, LATCHED = SafetyReport.STATE_RUN, SafetyReport.STATE_HOLD, SafetyReport.STATE_LATCHED
_PATIENCE_S = 20.0
# A joint faster than this moves, slower than that rests; a lagging joint creeps for a while.
_MOVES_RAD_S = 0.2
_RESTS_RAD_S = 0.02
# A swaying arm stands for a moment at each end.
_RESTING_NS = 300_000_000


class Stage:
    """Cases act on it. Times are ROS time in ns where they come from stamps."""

    def __init__(self, ear: Ear, cast: Cast, setting: Setting) -> None:
        self.ear = ear
        self.cast = cast
        self.setting = setting

    def until(self, condition: Callable[[], Any], what: str, deadline_s: float = 10.0) -> Any:
        """
        Raises:
            CaseFailed: the deadline has passed.
        """
        return self.ear.until(condition, what, deadline_s)

    def running(self) -> None:
        """Waits until the controller is in RUN and the arm moves."""
        self.ear.forget()
        self.until(
            lambda: (
                self.state == RUN
                and self.speed() > _MOVES_RAD_S
                and self.ear.of(topics.POLICY_STATUS)
            ),
            "RUN and an arm that moves",
            _PATIENCE_S,
        )

    def wait(self, seconds: float) -> None:
        """Lets the nodes go on for a while."""
        end_s = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= end_s, "time", seconds + 5.0)

    def at_rest(self, since_ns: int = 0, deadline_s: float = 5.0) -> int:
        """Waits until the measured arm stands; since when it has, by the joint states' stamps."""
        self.until(lambda: self._standing_ns(since_ns), "an arm at rest", deadline_s)
        return self._standing_ns(since_ns)

    def _standing_ns(self, since_ns: int) -> int:
        """Since when all joints have rested for a while; 0 where they have not."""
        stamps = []
        for state in reversed(self.ear.of(topics.JOINT_STATES)):
            stamp_ns = nanoseconds(state.header.stamp)
            if stamp_ns < since_ns or max(map(abs, state.velocity)) >= _RESTS_RAD_S:
                break
            stamps.append(stamp_ns)
        rested = len(stamps) >= 2 and stamps[0] - stamps[-1] >= _RESTING_NS
        return stamps[-1] if rested else 0

    def newest(self, topic: topics.Topic) -> Any:
        """The newest message of a topic, waited for where none was heard."""
        return self.until(lambda: self.ear.of(topic)[-1:], f"a message on {topic.name}")[0]

    def speed(self) -> float:
        """The fastest joint's, as measured last; 0 where nothing was."""
        states = self.ear.of(topics.JOINT_STATES)
        return max(map(abs, states[-1].velocity), default=0.0) if states else 0.0

    @property
    def state(self) -> int:
        reports = self.ear.of(topics.SAFETY_REPORT)
        return int(reports[-1].state) if reports else SafetyReport.STATE_INACTIVE

    def report(self, state: int, words: str, since_ns: int, deadline_s: float = 10.0) -> Any:
        """The first report of the controller since then in that state with these words."""
        return self._first(
            topics.SAFETY_REPORT,
            since_ns,
            lambda report: report.state == state and words in report.reason,
            f"state {state} {words!r}",
            deadline_s,
        )

    def rejected(self, reason: str, since_ns: int) -> Any:
        """The first report since then that counts more chunks rejected for that reason."""
        before = max(
            (
                rejections(report, reason)
                for report in self.ear.of(topics.SAFETY_REPORT)
                if nanoseconds(report.header.stamp) < since_ns
            ),
            default=0,
        )
        return self._first(
            topics.SAFETY_REPORT,
            since_ns,
            lambda report: rejections(report, reason) > before,
            f"a chunk rejected for {reason!r}",
            5.0,
        )

    def status(self, condition: Callable[[Any], bool], what: str, since_ns: int) -> Any:
        """The first status of the policy since then that meets the condition."""
        return self._first(topics.POLICY_STATUS, since_ns, condition, what, 10.0)

    def refused(self, kind: str, since_ns: int) -> Any:
        """The first status since then that counts more inputs refused for `kind` than before."""
        before = max(
            (
                refusals(status, kind)
                for status in self.ear.of(topics.POLICY_STATUS)
                if nanoseconds(status.header.stamp) < since_ns
            ),
            default=0,
        )
        return self.status(
            lambda status: refusals(status, kind) > before, f"an input refused: {kind}", since_ns
        )

    def _first(
        self,
        topic: topics.Topic,
        since_ns: int,
        condition: Callable[[Any], bool],
        what: str,
        deadline_s: float,
    ) -> Any:
        def found() -> Any:
            return next(
                (
                    message
                    for message in self.ear.of(topic)
                    if nanoseconds(message.header.stamp) >= since_ns and condition(message)
                ),
                None,
            )

        return self.until(found, what, deadline_s)

    def stays_in_run(self, seconds: float) -> None:
        """
        Raises:
            CaseFailed: it leaves RUN meanwhile.
        """
        end_s = time.monotonic() + seconds
        self.until(lambda: self.state != RUN or time.monotonic() > end_s, "time", seconds + 5.0)
        reports = self.ear.of(topics.SAFETY_REPORT)
        if self.state != RUN:
            raise CaseFailed(f"left RUN, {reports[-1].reason!r}, where nothing should happen")

    def fault(self, node: str, text: str) -> int:
        """Switches a fault on, or off where `text` is empty; the stamp of its first effect."""
        events = len(self.ear.of(topics.INJECTED_FAULTS))
        self.allowed(self.ear.set_parameter(node, "fault", text))
        kind = text.partition(" ")[0]

        def begun() -> Any:
            news = self.ear.of(topics.INJECTED_FAULTS)[events:]
            return next((e for e in news if e.node == node and e.fault == kind), None)

        event = self.until(begun, f"{node} to begin {text!r}")
        return nanoseconds(event.header.stamp)

    @staticmethod
    def allowed(result: Any) -> None:
        """
        Raises:
            CaseFailed: a parameter was not accepted.
        """
        if not result.successful:
            raise CaseFailed(f"a parameter was refused: {result.reason}")

    def send_signal(self, node: str, number: signal.Signals) -> int:
        """The ROS time when it was sent; the wall clock must be ROS time."""
        os.kill(self.cast.pids[node], number)
        return time.time_ns()

    def ended(self, node: str, deadline_s: float = 10.0) -> int:
        """Exit status of a process, once it has ended."""
        self.until(lambda: self.cast.status_of(node) is not None, f"the end of {node}", deadline_s)
        status = self.cast.status_of(node)
        assert status is not None
        return status

    def reset(self) -> None:
        """Out of LATCHED, once the arm stands and nothing forbids it.

        The plan then begins where the arm is measured, which may be far from the last command.
        """

        def answered() -> bool:
            self.judge()
            return bool(self.ear.call(topics.RESET).success)

        self.until(answered, "a reset that is accepted")
        self.ear.expect_jump()

    def start_again(self, node: str) -> None:
        """After its end."""
        self.cast.start(node)

    def transition(self, node: str, number: int) -> bool:
        """Asks a lifecycle node for a transition; whether it succeeded."""
        return self.ear.change_state(node, number)

    def planned_error(self) -> list[tuple[int, float]]:
        """For each joint state heard: its stamp, and its distance from the command then, rad."""
        order = self.ear.joint_order
        found = []
        for state in self.ear.of(topics.JOINT_STATES):
            stamp_ns = nanoseconds(state.header.stamp)
            sent = [
                m
                for m in self.ear.of(topics.JOINT_TRAJECTORY)
                if nanoseconds(m.header.stamp) <= stamp_ns
            ]
            if sent:
                times, rows = self.ear.curve(sent[-1])
                measured = order.select(state.name, state.position, "joint_states")
                planned = [np.interp(stamp_ns, times, column) for column in rows.T]
                found.append((stamp_ns, float(np.max(np.abs(planned - measured)))))
        return found

    def judge(self) -> None:
        """
        Raises:
            CaseFailed: a command broke a limit.
        """
        if self.ear.oracle.violations:
            raise CaseFailed(f"a limit was broken: {self.ear.oracle.violations[0]}")

    def forgive(self, joint: str, quantity: str, up_to: float) -> None:
        """Takes back what the oracle says about a joint that began outside its limits."""
        oracle = self.ear.oracle
        oracle.violations = [
            v
            for v in oracle.violations
            if not (v.joint == joint and v.quantity == quantity and abs(v.value) <= up_to)
        ]

    def seconds(self, message: Any, since_ns: int) -> float:
        """From then until a message's stamp."""
        return (nanoseconds(message.header.stamp) - since_ns) / 1e9

    def published_nothing_bad(self) -> None:
        """
        Raises:
            CaseFailed: a chunk with NaN or infinity left the policy.
        """
        for chunk in self.ear.of(topics.ACTION_CHUNK):
            if not np.isfinite(chunk.values).all():
                raise CaseFailed(f"chunk {chunk.sequence} holds values that are not finite")
