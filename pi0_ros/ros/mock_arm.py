"""The node `mock_arm`: an arm behind the topics that ros2_control's controllers have."""

import array
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from pi0_ros.core.errors import ConfigurationError, InputRefused
from pi0_ros.core.limits import ArmLimits, limits_from_joint_limits
from pi0_ros.ros import topics
from pi0_ros.ros.arm_parameters import MOCK_ARM
from pi0_ros.ros.camera_faults import stamp_with_fault
from pi0_ros.ros.conversions import nanoseconds, time_message
from pi0_ros.ros.diagnostics import Level, diagnostics_message
from pi0_ros.ros.entities import publisher, subscription
from pi0_ros.ros.fault_parameter import ARM_FAULTS, NO_FAULT
from pi0_ros.ros.fault_switch import FaultSwitch
from pi0_ros.ros.joint_state_faults import spoiled_state
from pi0_ros.ros.node_basics import PlainNode
from pi0_ros.ros.parameter_values import ParameterValues
from pi0_ros.ros.process import StopRequest
from pi0_ros.ros.realtime import follow_realtime_priority
from pi0_ros.ros.refusal_log import RefusalLog
from pi0_ros.sim.demo_arm import HOME, JOINT_NAMES
from pi0_ros.sim.mock_arm import MockArm

_DIAGNOSTICS_S = 1.0
# So long a refused command keeps the diagnostics at ERROR.
_ALARM_S = 5.0


class MockArmNode(PlainNode):
    """Follows commands of both kinds and publishes joint states; refuses malformed ones aloud.

    Raises:
        ConfigurationError: a parameter cannot work.
    """

    def __init__(self, stop: StopRequest | None = None, **kwargs: Any) -> None:
        super().__init__("mock_arm", MOCK_ARM, stop, **kwargs)
        self._refused: Counter[str] = Counter()
        self._refused_at_s: float | None = None
        self._newest_refusal = ""
        values = self.parameters.require()
        self._limits = _limits(values)
        self._arm = _arm(values, self._limits)
        self._faults = FaultSwitch(self, ARM_FAULTS, self._arm.joint_names)
        self._good_ns = self.now_ns()
        follow_realtime_priority(values, self.get_logger().warning)
        self._log = RefusalLog(self.get_logger().error)
        self._state = JointState(name=list(self._arm.joint_names))
        self._states = publisher(self, topics.JOINT_STATES)
        self._diagnostics = publisher(self, topics.DIAGNOSTICS)
        self._ears = self._listen()
        self.create_timer(1.0 / values.number("state_rate"), self._publish_state)
        self.create_steady_timer(_DIAGNOSTICS_S, self._publish_diagnostics)
        self.get_logger().info(f"{len(self._arm.joint_names)} joints, no hardware")

    def _listen(self) -> list[Any]:
        return [
            subscription(self, topics.JOINT_TRAJECTORY, self._take_trajectory),
            subscription(self, topics.POSITION_COMMANDS, self._take_positions),
        ]

    def _take_trajectory(self, message: JointTrajectory) -> None:
        points = message.points
        self._take(
            topics.JOINT_TRAJECTORY.name,
            lambda: self._arm.accept_trajectory(
                nanoseconds(message.header.stamp),
                message.joint_names,
                [nanoseconds(point.time_from_start) for point in points],
                [point.positions for point in points],
                [point.velocities for point in points],
                [point.accelerations for point in points],
                self.now_ns(),
            ),
        )

    def _take_positions(self, message: Float64MultiArray) -> None:
        self._take(
            topics.POSITION_COMMANDS.name,
            lambda: self._arm.accept_positions(message.data, self.now_ns()),
        )

    def _take(self, topic: str, accept: Callable[[], None]) -> None:
        try:
            accept()
        except InputRefused as refusal:
            self._refused[f"{topic}: {refusal.kind}"] += 1
            self._refused_at_s = time.monotonic()
            self._newest_refusal = f"refused on {topic}: {refusal}"
            self._log.refused(topic, refusal)

    def _publish_state(self) -> None:
        fault, joint = self._fault_now()
        measured = self._arm.step(self.now_ns())
        if fault == NO_FAULT:
            self._good_ns = measured.stamp_ns
        stamp_ns = stamp_with_fault(fault, measured.stamp_ns, self._good_ns)
        self._state.header.stamp = time_message(stamp_ns)
        self._state.position = array.array("d", measured.positions.tobytes())
        self._state.velocity = array.array("d", measured.velocities.tobytes())
        if fault == NO_FAULT:
            self._states.publish(self._state)
        elif fault != "silent":
            self._states.publish(spoiled_state(self._state, fault, joint, self._limits))

    def _fault_now(self) -> tuple[str, str]:
        """The fault in force and its joint; those of the arm itself begin and end here."""
        fault, joint = self._faults.first()
        self._arm.jam(*((joint,) if fault == "stuck" else ()))
        if (fault == "deaf") == bool(self._ears):
            for ear in self._ears:
                self.destroy_subscription(ear)
            self._ears = [] if self._ears else self._listen()
        return fault, joint

    def _publish_diagnostics(self) -> None:
        alarmed = (
            self._refused_at_s is not None and time.monotonic() - self._refused_at_s < _ALARM_S
        )
        beyond = sum(self._arm.limit_violations.values())
        level, message = Level.OK, "following commands"
        if alarmed:
            level, message = Level.ERROR, self._newest_refusal
        elif beyond:
            level, message = Level.WARN, "commands went beyond the limits"
        values = {f"refused on {kind}": count for kind, count in self._refused.items()} | {
            f"beyond limits: {joint}": count for joint, count in self._arm.limit_violations.items()
        }
        self._diagnostics.publish(
            diagnostics_message(
                self.now_ns(),
                self.get_fully_qualified_name(),
                level,
                message,
                values,
                hardware_id="mock arm",
            )
        )


def _limits(values: ParameterValues) -> ArmLimits:
    return limits_from_joint_limits(values.texts("joint_names"), values.below("joint_limits"))


def _arm(values: ParameterValues, limits: ArmLimits) -> MockArm:
    names = values.texts("joint_names")
    initial = values.numbers("initial_positions")
    if not initial:
        if names != JOINT_NAMES:
            raise ConfigurationError(
                "initial_positions: only the demo arm's joints have a home; give a position for "
                f"each of {', '.join(names)}"
            )
        initial = tuple(HOME.tolist())
    return MockArm(
        limits,
        initial,
        time_constant_s=values.number("time_constant"),
        command_period_s=values.number("command_period"),
        interpolate_from_desired_state=values.flag("interpolate_from_desired_state"),
    )
