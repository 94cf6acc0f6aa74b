"""Listens to a running arm as the policy does, and to what it is commanded; frames at a rate."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger

from pi0_ros.core.errors import DatasetError, InputRefused, ObservationNotReady
from pi0_ros.core.stamps import NS_PER_S, SLOWEST_SIMULATION
from pi0_ros.policy.dataset.session import Answer, RecordingSession
from pi0_ros.ros import topics
from pi0_ros.ros.bag.contents import beside_the_inputs
from pi0_ros.ros.bag.recorder import BagRecorder
from pi0_ros.ros.entities import service
from pi0_ros.ros.frame_source import FrameSource
from pi0_ros.ros.hearing import BagHearing, Hearing
from pi0_ros.ros.policy_inputs import PolicyInputs
from pi0_ros.ros.recording_settings import RecordingSettings
from pi0_ros.ros.refusal_log import RefusalLog
from pi0_ros.ros.sim_time import SimBeat

NODE = "pi0_record"
# Commands between two frames: each may be the one in force at a picture's capture.
_COMMANDS_KEPT = 100
# On simulated time, between two looks at whether a frame is due: it may be fast, or stand still.
_SIMULATED_LOOK_S = 0.004


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

    Args:
        bag: gets every message as it came, and those that only a bag is interested in.

    Attributes:
        ended: done when the dataset cannot be written any more; its exception says why.
        say: called with a line for the operator.
    """

    def __init__(
        self,
        settings: RecordingSettings,
        session: RecordingSession,
        say: Callable[[str], object],
        bag: BagRecorder | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(NODE, **kwargs)
        self.ended = Future()
        self._settings = settings
        self._session = session
        self._say = say
        # Frames are fps to a second of the time that they are stamped with.
        self._beat = SimBeat(settings.fps) if self.get_clock().ros_time_is_active else None
        slowest = 1.0 if self._beat is None else SLOWEST_SIMULATION
        observed = replace(settings.observation, slowest_clock=slowest)
        self._source = FrameSource(replace(settings, observation=observed))
        self._builder = self._source.builder
        self._refusals = RefusalLog(self.get_logger().warning)
        self._bag = bag
        if settings.instruction:
            self._take_instruction(settings.instruction)
        self._hearing, others = self._ears(bag)
        self._inputs = PolicyInputs(
            self,
            self._builder,
            settings.transports,
            settings.observation.image_shape,
            self._hearing.now_ns,
            self._take_instruction,
            self._refusals,
            self._hearing.subscribe,
        )
        command_topic = self._source.command_topic
        deep = replace(command_topic.subscribed, depth=_COMMANDS_KEPT)
        self._others = [
            self._hearing.subscribe(replace(command_topic, subscribed=deep), self._take_command),
            *others,
            service(self, topics.RECORD_START, self._answer(session.start)),
            service(self, topics.RECORD_STOP, self._answer(session.stop)),
            service(self, topics.RECORD_DISCARD, self._answer(session.discard)),
        ]
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        period_s = 1.0 / settings.fps if self._beat is None else _SIMULATED_LOOK_S
        self.create_timer(period_s, self._sample_or_end, clock=steady)

    def now_ns(self) -> int:
        """ROS time."""
        return self._hearing.now_ns()

    def view(self) -> RecordingView:
        problems = self._builder.problems(self.now_ns(), time.monotonic_ns())
        return RecordingView(problems, self._builder.instruction)

    def close(self) -> None:
        """Hears nothing more; the last thing before the node is destroyed."""
        self._inputs.close()

    def _ears(self, bag: BagRecorder | None) -> tuple[Hearing, list[Any]]:
        """How it hears, and the subscriptions to what is for the bag alone."""
        if bag is None:
            return Hearing(self), []
        hearing = BagHearing(
            self, bag, self._refusals, lambda: {"pi0_record/instruction": self._builder.instruction}
        )
        use_sim_time = bool(self.get_parameter("use_sim_time").value)
        extra = beside_the_inputs(self._settings.observation.cameras, use_sim_time)
        return hearing, [hearing.only_record(topic) for topic in extra]

    def _sample_or_end(self) -> None:
        if self.ended.done():
            return
        try:
            if self._beat is None or self._beat.due(self.now_ns()):
                self._sample()
            answer = self._session.follow_plan(self._plan_s())
        except DatasetError as error:
            self.ended.set_exception(error)
            return
        if answer is not None:
            self._say(answer.text)

    def _plan_s(self) -> float:
        """What episodes are timed by."""
        return time.monotonic() if self._beat is None else self.now_ns() / NS_PER_S

    def _sample(self) -> None:
        now_ns = self._hearing.sampling()
        try:
            observation, command = self._source.frame(now_ns, time.monotonic_ns())
        except ObservationNotReady as error:
            self._session.miss(problem_kind(error.problems[0]))
        except InputRefused as refusal:
            self._session.miss(refusal.kind)
        else:
            self._session.add(observation, command, self._plan_s())
            if self._bag is not None:
                self._bag.frame(observation.stamp_ns, now_ns)

    def _take_command(self, message: Any) -> None:
        try:
            self._source.take_command(message, self._hearing.now_ns())
        except InputRefused as refusal:
            self._refusals.refused(self._source.command_topic.name, refusal)

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


def problem_kind(problem: str) -> str:
    """A problem's stream and kind; ages and counts would make each one another."""
    words = problem.partition(",")[0].split()
    return " ".join(word for word in words if not word[0].isdigit())
