"""What is seen and commanded at one instant, or why there is no whole frame."""

from typing import Any

import numpy as np
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import InputRefused
from pi0_ros.core.observation import Observation
from pi0_ros.core.observation_builder import ObservationBuilder
from pi0_ros.ros import topics
from pi0_ros.ros.heard_trajectory import heard_trajectory
from pi0_ros.ros.recording_settings import RecordingSettings
from pi0_ros.sim.command_history import CommandHistory


class FrameSource:
    """Frames of messages; whether they come now or out of a bag is all the same.

    Attributes:
        builder: takes what is seen.
        command_topic: what the arm's controller listens to.
    """

    def __init__(self, settings: RecordingSettings) -> None:
        self.builder = ObservationBuilder(settings.observation)
        forward = settings.command_interface == "forward_position"
        self.command_topic = topics.POSITION_COMMANDS if forward else topics.JOINT_TRAJECTORY
        self._forward = forward
        self._tolerance_rad = settings.tracking_tolerance_rad
        self._commands = CommandHistory(settings.observation.joint_names)
        self._newest_ns = -1

    def take_command(self, message: Any, now_ns: int) -> None:
        """A message that came on `command_topic` at `now_ns`.

        Raises:
            InputRefused: the arm refuses it as well.
        """
        if self._forward:
            self._take_positions(message, now_ns)
        else:
            self._take_trajectory(message, now_ns)

    def frame(self, now_ns: int, steady_ns: int) -> tuple[Observation, FloatArray]:
        """The newest observation, and where the arm was told to be at its capture time.

        Raises:
            ObservationNotReady: a stream is missing or stale.
            InputRefused: kind "no new picture", "no command" or "not commanded".
        """
        observation = self.builder.build(now_ns, steady_ns)
        if observation.stamp_ns == self._newest_ns:
            raise InputRefused("no new picture", "a camera is slower than fps")
        command = self._commands.at(observation.stamp_ns)
        self._require_near(observation, command)
        self._newest_ns = observation.stamp_ns
        return observation, command

    def _require_near(self, observation: Observation, command: FloatArray) -> None:
        """An arm that is moved by other means does not do what was commanded last."""
        far = float(np.max(np.abs(command - observation.positions)))
        if not far <= self._tolerance_rad:
            raise InputRefused(
                "not commanded", f"the arm is {far:.2f} rad away from what is commanded"
            )

    def _take_trajectory(self, message: JointTrajectory, now_ns: int) -> None:
        trajectory = heard_trajectory(message)
        # One that began before it came here came to the arm earlier: this process may be busy, the
        # arm's controller is not.
        self._commands.add_trajectory(trajectory, min(trajectory.start_ns or now_ns, now_ns))

    def _take_positions(self, message: Float64MultiArray, now_ns: int) -> None:
        self._commands.add_positions(message.data, now_ns)
