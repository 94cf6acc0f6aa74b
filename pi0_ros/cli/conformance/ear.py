"""Hears what a set of nodes says, speaks to it, and judges every command."""

import gc
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import rclpy
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue, SetParametersResult
from rcl_interfaces.srv import SetParameters
from rclpy.logging import LoggingSeverity
from rclpy.qos import QoSProfile
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future

from pi0_ros.cli.conformance.case import CaseFailed
from pi0_ros.cli.conformance.simulated_clock import SimulatedClock
from pi0_ros.cli.demo.command_oracle import CommandOracle
from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.joints import JointOrder
from pi0_ros.core.limits import ArmLimits
from pi0_ros.ros import topics
from pi0_ros.ros.conversions import nanoseconds
from pi0_ros.ros.entities import interface, profile
from pi0_ros.ros.executor import make_executor

_DEPTH = 500
_SPIN_S = 0.005
_ANSWER_S = 5.0
_LOST_S = 1.0
_COMMANDS = (topics.JOINT_TRAJECTORY, topics.POSITION_COMMANDS)
_HEARD = (
    topics.SAFETY_REPORT,
    topics.POLICY_STATUS,
    topics.ACTION_CHUNK,
    topics.JOINT_STATES,
    topics.INJECTED_FAULTS,
    topics.DIAGNOSTICS,
)


class Ear:
    """A node with its own context, served in the caller's thread by `until`.

    Attributes:
        heard: topic -> messages since the last `forget`, in the order of arrival.
        oracle: has judged every command since the controller was started.
        clock: what runs /clock; None where time is the wall clock's.
        joint_order: maps messages to the limits' order.
    """

    def __init__(
        self, namespace: str, limits: ArmLimits, tick_ns: int, hear_commands: bool = True
    ) -> None:
        """
        Args:
            tick_ns: period of the controller's commands.
            hear_commands: False leaves the arm as the only subscriber of its commands.
        """
        self._context = rclpy.Context()
        rclpy.init(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self._executor = make_executor(self._context)
        self.node = rclpy.create_node(
            "pi0_conformance", namespace=namespace, context=self._context, enable_rosout=False
        )
        self.node.get_logger().set_level(LoggingSeverity.ERROR)
        self._executor.add_node(self.node)
        self._limits, self._tick_ns = limits, tick_ns
        self.joint_order = JointOrder(limits.joint_names)
        self.clock: SimulatedClock | None = None
        self._clients: dict[str, Any] = {}
        self.heard: dict[str, list[Any]] = {}
        self.expect_new_controller()
        heard = (*_HEARD, *(_COMMANDS if hear_commands else ()))
        for topic in heard:
            qos = profile(replace(topic.subscribed, depth=_DEPTH))
            self.node.create_subscription(
                interface(topic.type), topic.name, self._keeper(topic), qos
            )

    def close(self) -> None:
        """Leaves DDS; nothing of it stays in shared memory."""
        if self.clock is not None:
            self.clock.end()
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)
        # The participant lives as long as anything that refers to the node, callbacks included.
        del self._executor, self.node, self.clock, self._clients
        gc.collect()

    def forget(self) -> None:
        self.heard = {}

    def of(self, topic: topics.Topic) -> list[Any]:
        return self.heard.get(topic.name, [])

    def expect_new_controller(self) -> None:
        """A controller that starts begins at rest, where the arm is, whatever was sent before."""
        self.oracle = CommandOracle(self._limits, self._tick_ns)

    def expect_jump(self) -> None:
        """Commands before and after a jump, of the clock or of the plan, are judged apart."""
        self.oracle = CommandOracle(self._limits, self._tick_ns, from_rest=False)

    def until(
        self,
        condition: Callable[[], Any],
        what: str,
        deadline_s: float,
        alive: Callable[[], str] = str,
    ) -> Any:
        """Listens until `condition` gives something true, and returns that.

        Args:
            what: for the error's message.
            alive: says which process has died, to fail at once with that.

        Raises:
            CaseFailed: the deadline has passed, or a process has died.
        """
        deadline = time.monotonic() + deadline_s
        while not (value := condition()):
            death = alive()
            if death:
                raise CaseFailed(f"while waiting for {what}: {death}")
            if time.monotonic() > deadline:
                raise CaseFailed(f"waited {deadline_s:g} s for {what}; {self._latest()}")
            self._executor.spin_until_future_complete(Future(), _SPIN_S)
        return value

    def _latest(self) -> str:
        status, report = self.of(topics.POLICY_STATUS)[-1:], self.of(topics.SAFETY_REPORT)[-1:]
        policy = f"{status[0].state} {status[0].reason!r}" if status else "silent"
        controller = f"{report[0].state} {report[0].reason!r}" if report else "silent"
        return f"the policy's state is {policy}, the controller's {controller}"

    def _keeper(self, topic: topics.Topic) -> Callable[[Any], None]:
        def keep(message: Any) -> None:
            self.heard.setdefault(topic.name, []).append(message)
            if topic is topics.JOINT_TRAJECTORY:
                self.oracle.add_trajectory(*self.curve(message))
            elif topic is topics.POSITION_COMMANDS:
                self.oracle.add_position(np.array(message.data))

        return keep

    def curve(self, trajectory: Any) -> tuple[Any, FloatArray]:
        """Times in ns, ROS time, and positions, shape (points, joints), of a trajectory."""
        start_ns = nanoseconds(trajectory.header.stamp)
        points = trajectory.points
        times = [start_ns + nanoseconds(point.time_from_start) for point in points]
        rows = np.array([point.positions for point in points])
        columns = self.joint_order.columns(trajectory.joint_names, "command")
        return np.array(times, dtype=np.int64), rows[:, columns]

    def publisher(self, topic: topics.Topic, qos: QoSProfile | None = None) -> Any:
        """A publisher that something listens to, unless its quality of service forbids that."""
        end = self.node.create_publisher(
            interface(topic.type), topic.name, profile(topic.published) if qos is None else qos
        )
        if qos is None:
            self.until(end.get_subscription_count, f"a subscriber of {topic.name}", _ANSWER_S)
        return end

    def call(self, service: topics.Service) -> Any:
        return self._ask(interface(service.type), service.name, None)

    def set_parameter(self, node: str, name: str, value: str | float | bool) -> SetParametersResult:
        """The answer of the node."""
        request = SetParameters.Request(parameters=[_parameter(name, value)])
        return self._ask(SetParameters, f"{node}/set_parameters", request).results[0]

    def change_state(self, node: str, transition: int) -> bool:
        """Whether the lifecycle node has made the transition."""
        request = ChangeState.Request()
        request.transition.id = transition
        return bool(self._ask(ChangeState, f"{node}/change_state", request).success)

    def _ask(self, kind: Any, name: str, request: Any) -> Any:
        if name not in self._clients:
            self._clients[name] = self.node.create_client(kind, name)
        client = self._clients[name]
        self.until(client.service_is_ready, f"the service {name}", _ANSWER_S)
        # An answer gets lost where the server has not discovered the client's ear yet.
        for patience_s in (_LOST_S, _LOST_S, _ANSWER_S):
            future = client.call_async(kind.Request() if request is None else request)
            self._executor.spin_until_future_complete(future, patience_s)
            if future.done():
                return future.result()
        raise CaseFailed(f"{name} does not answer")

    def start_clock(self) -> SimulatedClock:
        """From now on /clock runs at the speed of real time."""
        self.clock = SimulatedClock(self.node)
        return self.clock


def _parameter(name: str, value: str | float | bool) -> Parameter:
    if isinstance(value, bool):
        stored = ParameterValue(type=ParameterType.PARAMETER_BOOL, bool_value=value)
    elif isinstance(value, str):
        stored = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=value)
    else:
        stored = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=float(value))
    return Parameter(name=name, value=stored)
