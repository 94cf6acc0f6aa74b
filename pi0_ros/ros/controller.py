"""The node `pi0_controller`: action chunks and joint states in, limited commands out."""

import gc
import time
from collections.abc import Sequence
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool

from pi0_ros.core.control_loop import ControlLoop
from pi0_ros.core.control_state import Command
from pi0_ros.core.errors import ConfigurationError, ControlRefused, InputRefused
from pi0_ros.core.stop_request import StopRequest
from pi0_ros.msg import ActionChunk, PolicyStatus
from pi0_ros.ros import topics
from pi0_ros.ros.arm_parameters import CONTROLLER
from pi0_ros.ros.autostart import autostart_if_wanted
from pi0_ros.ros.command_output import CommandOutput
from pi0_ros.ros.controller_reporter import ControllerReporter
from pi0_ros.ros.controller_settings import (
    SPEED_SCALE,
    control_config,
    with_new_speed,
    with_new_values,
)
from pi0_ros.ros.conversions import chunk_from_message, nanoseconds
from pi0_ros.ros.entities import service, subscription
from pi0_ros.ros.limit_reading import LimitReading
from pi0_ros.ros.managed_node import ManagedNode, Phase
from pi0_ros.ros.parameter_values import ParameterValues
from pi0_ros.ros.realtime import follow_realtime_priority
from pi0_ros.ros.refusal_log import RefusalLog
from pi0_ros.ros.ros_beat import RosBeat
from pi0_ros.ros.tick_thread import TickThread

# The process has 4 s for its whole end.
_BRAKING_S = 2.0
_ENDING = "the end of the ticks"


class ControllerNode(ManagedNode):
    """Ticks while active.

    A trajectory ends at rest, so that ticks may end at any time; single positions do not, and the
    ticks go on until the arm has braked.
    """

    def __init__(self, stop: StopRequest | None = None, **kwargs: Any) -> None:
        super().__init__("pi0_controller", CONTROLLER, stop, **kwargs)
        self._values = self.parameters.values
        self._limits = LimitReading(self)
        self._loop: ControlLoop | None = None
        self._ticks: TickThread | None = None
        self._beat: RosBeat | None = None
        self._output: CommandOutput | None = None
        self._brakes_by_itself = True
        self._estop = ""
        self._subscriptions_made: list[Any] = []
        self._refusals = RefusalLog(self.get_logger().warning)
        report_rate = self._values.by_name.get("report_rate")
        self._reporter = ControllerReporter(
            self, report_rate if isinstance(report_rate, float) else 1.0
        )
        # From the beginning, so that no configuration forgets it.
        subscription(self, topics.ESTOP, self._take_estop)
        service(self, topics.HOLD, self._hold)
        service(self, topics.RESET, self._reset)
        self.add_on_set_parameters_callback(self._take_new_values)
        self._autostart = autostart_if_wanted(self)

    @property
    def estop(self) -> str:
        """Why the emergency stop forbids motion, whatever the state; empty when it does not."""
        return self._estop

    def configure(self) -> None:
        self.parameters.require()
        config = control_config(self._values, self.on_simulated_time)
        loop = ControlLoop(self._limits.read(self._values), config)
        follow_realtime_priority(self._values, self.get_logger().warning)
        self._output = CommandOutput(
            self,
            config,
            self._values.texts("joint_names"),
            self._values.text("controller_manager"),
            self._veto,
            self._pause,
        )
        self._beat = RosBeat(self.get_clock(), config.control_rate_hz)
        self._loop = loop
        self._brakes_by_itself = config.brakes_by_itself
        self._veto(topics.ESTOP.name, self._estop)
        self._subscriptions_made = [
            subscription(self, topics.JOINT_STATES, self._take_joint_state),
            subscription(self, topics.ACTION_CHUNK, self._take_chunk),
            subscription(self, topics.POLICY_STATUS, self._take_demand),
        ]
        heard = (topics.JOINT_STATES, topics.ACTION_CHUNK, topics.POLICY_STATUS, topics.ESTOP)
        told = () if config.dry_run else (self._output.topic,)
        self.watch_connections(heard, (*told, topics.SAFETY_REPORT))
        self._reporter.watch(loop)

    def activate(self) -> None:
        assert self._loop is not None
        assert self._beat is not None
        assert self._output is not None
        self._output.look()
        now_ns = self.now_ns()
        self._loop.activate(now_ns, time.monotonic_ns())
        self._reporter.restart_counters()
        # Ticks fall on the loop's own grid.
        self._beat.anchor(now_ns)
        # What is here now stays; collecting around it would only make ticks late.
        gc.collect()
        gc.freeze()
        self._ticks = TickThread(self._loop, self._beat, self.now_ns, self._send, self.fail)
        if self._values.flag("dry_run"):
            self.get_logger().warning("DRY RUN (parameter dry_run): nothing is sent to the arm")

    def deactivate(self) -> None:
        assert self._loop is not None
        if self._ticks is not None:
            self._brake()
            self._ticks.end()
        self._ticks = None
        self._loop.deactivate()
        self._loop.pause(_ENDING, "")
        gc.unfreeze()

    def _brake(self) -> None:
        """Brings an arm to rest that does not come to rest when the ticks end."""
        assert self._loop is not None
        assert self._ticks is not None
        if self._brakes_by_itself:
            return
        self._loop.pause(_ENDING, "deactivated: braking")
        # Simulated time may have ended before the node does, and no tick comes then.
        if not self._loop.at_rest and not self._ticks.end_at_rest(_BRAKING_S):
            self.get_logger().error(f"ended in motion: not at rest within {_BRAKING_S:g} s")

    def clean_up(self) -> None:
        self._reporter.watch(None)
        self._limits.forget()
        for entry in self._subscriptions_made:
            self.destroy_subscription(entry)
        self._subscriptions_made = []
        if self._output is not None:
            self._output.close()
        if self._beat is not None:
            self._beat.close()
        self._output = self._beat = self._loop = None

    def phase_changed(self) -> None:
        self._reporter.publish()

    def _take_joint_state(self, message: JointState) -> None:
        if self._loop is None:
            return
        try:
            self._loop.add_joint_state(
                nanoseconds(message.header.stamp),
                message.name,
                message.position,
                self.now_ns(),
                time.monotonic_ns(),
            )
        except InputRefused as refusal:
            self._refusals.refused(topics.JOINT_STATES.name, refusal)

    def _take_chunk(self, message: ActionChunk) -> None:
        if self._loop is None or self.phase is not Phase.ACTIVE:
            return
        try:
            chunk = chunk_from_message(message)
        except InputRefused as refusal:
            self._reporter.unreadable_chunk(refusal.kind)
            self._refusals.refused(topics.ACTION_CHUNK.name, refusal)
            self._reporter.publish()
            return
        try:
            self._loop.add_chunk(chunk, self.now_ns())
        except InputRefused as refusal:
            self._refusals.refused(topics.ACTION_CHUNK.name, refusal)
            self._reporter.publish()

    def _take_demand(self, status: PolicyStatus) -> None:
        """The policy sees what the controller cannot: its cameras, and itself failing."""
        if self._loop is None:
            return
        reason = f"{topics.POLICY_STATUS.name}: {status.reason}"
        latch = status.demand == PolicyStatus.DEMAND_LATCH
        self._veto(topics.POLICY_STATUS.name, reason if latch else "")
        hold = status.demand == PolicyStatus.DEMAND_HOLD
        self._pause(topics.POLICY_STATUS.name, reason if hold else "")

    def _take_estop(self, message: Bool) -> None:
        self._estop = f"{topics.ESTOP.name} says true" if message.data else ""
        self._veto(topics.ESTOP.name, self._estop)

    def _veto(self, source: str, reason: str) -> None:
        if self._loop is not None and self._loop.veto(source, reason):
            self.get_logger().error(f"{reason}: braking")
            self._reporter.publish()

    def _pause(self, source: str, reason: str) -> None:
        if self._loop is not None and self._loop.pause(source, reason):
            self.get_logger().warning(f"{reason}: braking" if reason else f"{source}: well again")
            self._reporter.publish()

    def _hold(self, _request: Any, response: Any) -> Any:
        try:
            if self._loop is None:
                raise ControlRefused("cannot hold: the controller is not configured")
            self._loop.hold("hold was called")
        except ControlRefused as refusal:
            response.success, response.message = False, str(refusal)
            return response
        self.get_logger().warning("hold was called: braking")
        self._reporter.publish()
        response.success, response.message = True, "braking; call pi0_controller/reset to go on"
        return response

    def _reset(self, _request: Any, response: Any) -> Any:
        now_ns = self.now_ns()
        try:
            if self._loop is None or self._beat is None:
                raise ControlRefused("nothing to reset: the controller is not configured")
            self._loop.reset(now_ns, time.monotonic_ns())
        except ControlRefused as refusal:
            response.success, response.message = False, str(refusal)
            return response
        self._beat.anchor(now_ns)
        self.get_logger().warning("reset was called: going on with the next chunk")
        self._reporter.publish()
        response.success, response.message = True, "waiting for a chunk"
        return response

    def _take_new_values(self, parameters: Sequence[Any]) -> SetParametersResult:
        new = [(parameter.name, parameter.value) for parameter in parameters]
        try:
            values = with_new_values(self._values, self.parameters.table, new)
            scaled = with_new_speed(values, self.parameters.table, new)
            if values.by_name != self._values.by_name:
                self._tighten(values)
        except ConfigurationError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self._values = scaled
        if self._loop is not None and any(name == SPEED_SCALE for name, _ in new):
            self._loop.change_speed(scaled.number(SPEED_SCALE), self.now_ns())
        return SetParametersResult(successful=True)

    def _tighten(self, values: ParameterValues) -> None:
        limits = self._limits.tightened(self._values, values)
        if self._loop is not None:
            self._loop.tighten(limits)

    def _send(self, command: Command) -> None:
        """In the thread of the ticks."""
        assert self._output is not None
        if not command.repeats:
            self._output.send(command)
        if command.state_changed:
            self._reporter.publish()
