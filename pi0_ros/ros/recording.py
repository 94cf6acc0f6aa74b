"""Listens to a running arm as the policy does, and to what it is commanded; frames at a rate."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from pi0_ros.core.errors import DatasetError, InputRefused, ObservationNotReady
from pi0_ros.core.observation import Observation
from pi0_ros.core.observation_builder import ObservationBuilder
from pi0_ros.policy.dataset.session import Answer, RecordingSession
from pi0_ros.ros import topics
from pi0_ros.ros.conversions import nanoseconds
from pi0_ros.ros.entities import service, subscription
from pi0_ros.ros.policy_inputs import PolicyInputs
from pi0_ros.ros.recording_settings import RecordingSettings
from pi0_ros.ros.refusal_log import RefusalLog
from pi0_ros.sim.command_history import CommandHistory

NODE = "pi0_record"
# Commands between two frames: each may be the one in force at a picture's capture.
_COMMANDS_KEPT = 100


@dataclass(frozen=True, slots=True)
class RecordingView:
    """What is shown while recording.

    Attributes:
        problems: why no frame would be whole now; empty when one would.
        instruction: what the frames say.
    """

    problems: tuple[str, ...]
    instruction: str


class RecordingNode(Node):
    """Samples frames into a session.

    Attributes:
        ended: done when the dataset cannot be written any more; its exception says why.
        say: called with a line for the operator.
    """

    def __init__(
        self,
        settings: RecordingSettings,
        session: RecordingSession,
        say: Callable[[str], object],
        **kwargs: Any,
    ) -> None:
        super().__init__(NODE, **kwargs)
        self.ended = Future()
        self._settings = settings
        self._session = session
        self._say = say
        self._newest_ns = -1
        self._builder = ObservationBuilder(settings.observation)
        self._commands = CommandHistory(settings.observation.joint_names)
        self._refusals = RefusalLog(self.get_logger().warning)
        if settings.instruction:
            self._take_instruction(settings.instruction)
        self._inputs = PolicyInputs(
            self,
            self._builder,
            settings.transports,
            settings.observation.image_shape,
            self.now_ns,
            self._take_instruction,
            self._refusals,
        )
        self._others = [
            self._listen_to_commands(),
            service(self, topics.RECORD_START, self._answer(session.start)),
            service(self, topics.RECORD_STOP, self._answer(session.stop)),
            service(self, topics.RECORD_DISCARD, self._answer(session.discard)),
        ]
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(1.0 / settings.fps, self._sample_or_end, clock=steady)

    def now_ns(self) -> int:
        """ROS time."""
        return int(self.get_clock().now().nanoseconds)

    def view(self) -> RecordingView:
        problems = self._builder.problems(self.now_ns(), time.monotonic_ns())
        return RecordingView(problems, self._builder.instruction)

    def close(self) -> None:
        """Hears nothing more; the last thing before the node is destroyed."""
        self._inputs.close()

    # ---- frames ----

    def _sample_or_end(self) -> None:
        if self.ended.done():
            return
        try:
            self._sample()
            answer = self._session.follow_plan(time.monotonic())
        except DatasetError as error:
            self.ended.set_exception(error)
            return
        if answer is not None:
            self._say(answer.text)

    def _sample(self) -> None:
        try:
            observation = self._builder.build(self.now_ns(), time.monotonic_ns())
            self._require_new(observation)
            command = self._commands.at(observation.stamp_ns)
            self._require_near(observation, command)
        except ObservationNotReady as error:
            self._session.miss(_kind(error.problems[0]))
        except InputRefused as refusal:
            self._session.miss(refusal.kind)
        else:
            self._newest_ns = observation.stamp_ns
            self._session.add(observation, command, time.monotonic())

    def _require_new(self, observation: Observation) -> None:
        if observation.stamp_ns == self._newest_ns:
            raise InputRefused("no new picture", "a camera is slower than fps")

    def _require_near(self, observation: Observation, command: Any) -> None:
        """An arm that is moved by other means does not do what was commanded last."""
        far = float(np.max(np.abs(command - observation.positions)))
        if not far <= self._settings.tracking_tolerance_rad:
            raise InputRefused(
                "not commanded", f"the arm is {far:.2f} rad away from what is commanded"
            )

    # ---- messages ----

    def _listen_to_commands(self) -> Any:
        forward = self._settings.command_interface == "forward_position"
        topic = topics.POSITION_COMMANDS if forward else topics.JOINT_TRAJECTORY
        deep = replace(topic, subscribed=replace(topic.subscribed, depth=_COMMANDS_KEPT))
        take = self._take_positions if forward else self._take_trajectory

        def take_or_refuse(message: Any) -> None:
            try:
                take(message)
            except InputRefused as refusal:
                self._refusals.refused(topic.name, refusal)

        return subscription(self, deep, take_or_refuse)

    def _take_trajectory(self, message: JointTrajectory) -> None:
        points, now_ns = message.points, self.now_ns()
        start_ns = nanoseconds(message.header.stamp)
        self._commands.add_trajectory(
            start_ns,
            message.joint_names,
            [nanoseconds(point.time_from_start) for point in points],
            [point.positions for point in points],
            [point.velocities for point in points],
            [point.accelerations for point in points],
            # One that began before it came here came to the arm earlier: this process may be busy,
            # the arm's controller is not.
            min(start_ns or now_ns, now_ns),
        )

    def _take_positions(self, message: Float64MultiArray) -> None:
        self._commands.add_positions(message.data, self.now_ns())

    def _take_instruction(self, text: str) -> None:
        try:
            if self._builder.set_instruction(text, time.monotonic_ns()):
                self._say(f"instruction: {self._builder.instruction}")
        except InputRefused as refusal:
            self._refusals.refused(topics.INSTRUCTION.name, refusal)

    def _answer(self, ask: Callable[[], Answer]) -> Callable[[Any, Any], Any]:
        def answer(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            try:
                answered = ask()
            except DatasetError as error:
                self.ended.set_exception(error)
                answered = Answer(False, str(error))
            response.success, response.message = answered.done, answered.text
            self._say(answered.text)
            return response

        return answer


def _kind(problem: str) -> str:
    """A problem's stream and kind; ages and counts would make each one another."""
    words = problem.partition(",")[0].split()
    return " ".join(word for word in words if not word[0].isdigit())
