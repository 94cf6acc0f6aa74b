"""The node `mock_arm`: an arm behind the topics that ros2_control's controllers have."""

import array
from typing import Any

from sensor_msgs.msg import JointState

from pi0_ros.core.limits import ArmLimits, limits_from_joint_limits
from pi0_ros.core.stop_request import StopRequest
from pi0_ros.ros import topics
from pi0_ros.ros.arm_command_input import ArmCommandInput, initial_positions
from pi0_ros.ros.arm_parameters import MOCK_ARM
from pi0_ros.ros.camera_faults import stamp_with_fault
from pi0_ros.ros.conversions import time_message
from pi0_ros.ros.diagnostics import diagnostics_message
from pi0_ros.ros.entities import publisher
from pi0_ros.ros.fault_parameter import ARM_FAULTS, NO_FAULT
from pi0_ros.ros.fault_switch import FaultSwitch
from pi0_ros.ros.joint_state_faults import spoiled_state
from pi0_ros.ros.node_basics import PlainNode
from pi0_ros.ros.parameter_values import ParameterValues
from pi0_ros.ros.realtime import follow_realtime_priority
from pi0_ros.sim.mock_arm import MockArm

_DIAGNOSTICS_S = 1.0


class MockArmNode(PlainNode):
    """Follows commands of both kinds and publishes joint states; refuses malformed ones aloud.

    Raises:
        ConfigurationError: a parameter cannot work.
    """

    def __init__(self, stop: StopRequest | None = None, **kwargs: Any) -> None:
        super().__init__("mock_arm", MOCK_ARM, stop, **kwargs)
        values = self.parameters.require()
        self._limits = _limits(values)
        self._arm = _arm(values, self._limits)
        self._faults = FaultSwitch(self, ARM_FAULTS, self._arm.joint_names)
        self._good_ns = self.now_ns()
        follow_realtime_priority(values, self.get_logger().warning)
        self._state = JointState(name=list(self._arm.joint_names))
        self._states = publisher(self, topics.JOINT_STATES)
        self._diagnostics = publisher(self, topics.DIAGNOSTICS)
        self._commands = ArmCommandInput(self, self._arm)
        self.create_timer(1.0 / values.number("state_rate"), self._publish_state)
        self.create_steady_timer(_DIAGNOSTICS_S, self._publish_diagnostics)
        self.get_logger().info(f"{len(self._arm.joint_names)} joints, no hardware")

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
        self._commands.listen(fault != "deaf")
        self._commands.follow(fault != "inert")
        return fault, joint

    def _publish_diagnostics(self) -> None:
        level, message, values = self._commands.condition()
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
    return MockArm(
        limits,
        initial_positions(values),
        time_constant_s=values.number("time_constant"),
        command_period_s=values.number("command_period"),
        interpolate_from_desired_state=values.flag("interpolate_from_desired_state"),
    )
