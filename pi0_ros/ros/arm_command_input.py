"""What a simulated arm hears: commands of both kinds, refused aloud where they are malformed."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from pi0_ros.core.errors import ConfigurationError, InputRefused
from pi0_ros.ros import topics
from pi0_ros.ros.diagnostics import Level
from pi0_ros.ros.entities import subscription
from pi0_ros.ros.heard_trajectory import heard_trajectory
from pi0_ros.ros.parameter_values import ParameterValues
from pi0_ros.ros.refusal_log import RefusalLog
from pi0_ros.sim.commanded_arm import CommandedArm
from pi0_ros.sim.demo_arm import HOME, JOINT_NAMES

# So long a refused command keeps the diagnostics at ERROR.
_ALARM_S = 5.0


class ArmCommandInput:
    """Hands messages of both command topics to an arm.

    Args:
        node: a PlainNode; its `now_ns` is when a command comes.
    """

    def __init__(self, node: Any, arm: CommandedArm) -> None:
        self._node = node
        self._arm = arm
        self._log = RefusalLog(node.get_logger().error)
        self._refused: Counter[str] = Counter()
        self._refused_at_s: float | None = None
        self._newest_refusal = ""
        self._ears: list[Any] = []
        self._following = True
        self.listen(True)

    def listen(self, wanted: bool) -> None:
        """Subscribes to both topics, or leaves them."""
        if wanted == bool(self._ears):
            return
        for ear in self._ears:
            self._node.destroy_subscription(ear)
        self._ears = []
        if wanted:
            self._ears = [
                subscription(self._node, topics.JOINT_TRAJECTORY, self._take_trajectory),
                subscription(self._node, topics.POSITION_COMMANDS, self._take_positions),
            ]

    def follow(self, wanted: bool) -> None:
        """Does what commands say, or stops at once and ignores them without a word."""
        if self._following and not wanted:
            self._arm.halt(self._node.now_ns())
        self._following = wanted

    def condition(self) -> tuple[Level, str, Mapping[str, object]]:
        """Level, sentence and values for the diagnostics."""
        alarmed = (
            self._refused_at_s is not None and time.monotonic() - self._refused_at_s < _ALARM_S
        )
        beyond = self._arm.limit_violations
        level, message = Level.OK, "following commands"
        if alarmed:
            level, message = Level.ERROR, self._newest_refusal
        elif sum(beyond.values()):
            level, message = Level.WARN, "commands went beyond the limits"
        values = {f"refused on {kind}": count for kind, count in self._refused.items()} | {
            f"beyond limits: {joint}": count for joint, count in beyond.items()
        }
        return level, message, values

    def _take_trajectory(self, message: JointTrajectory) -> None:
        trajectory = heard_trajectory(message)
        self._take(
            topics.JOINT_TRAJECTORY.name,
            lambda: self._arm.accept_trajectory(trajectory, self._node.now_ns()),
        )

    def _take_positions(self, message: Float64MultiArray) -> None:
        self._take(
            topics.POSITION_COMMANDS.name,
            lambda: self._arm.accept_positions(message.data, self._node.now_ns()),
        )

    def _take(self, topic: str, accept: Callable[[], None]) -> None:
        if not self._following:
            return
        try:
            accept()
        except InputRefused as refusal:
            self._refused[f"{topic}: {refusal.kind}"] += 1
            self._refused_at_s = time.monotonic()
            self._newest_refusal = f"refused on {topic}: {refusal}"
            self._log.refused(topic, refusal)


def initial_positions(values: ParameterValues) -> tuple[float, ...]:
    """Where the joints start, rad: the parameter of that name, or the demo arm's home.

    Raises:
        ConfigurationError: none given for joints that have no home.
    """
    given = values.numbers("initial_positions")
    names = values.texts("joint_names")
    if given:
        return given
    if names != JOINT_NAMES:
        raise ConfigurationError(
            "initial_positions: only the demo arm's joints have a home; give a position for "
            f"each of {', '.join(names)}"
        )
    return tuple(HOME.tolist())
