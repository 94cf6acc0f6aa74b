"""Takes the newest of a running arm's topics when asked to, and nothing in between.

Pictures that nobody will see are dropped inside DDS: no executor wakes up for them. Every reader is
best effort, so that nobody who publishes ever waits for one.
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import rclpy
from rclpy.exceptions import NameValidationException
from rclpy.signals import SignalHandlerOptions
from rclpy.subscription import Subscription

from pi0_ros.cli.view.sight import ControllerHeard, PolicyHeard, Refused, Sight
from pi0_ros.core.errors import ConfigurationError, InputRefused
from pi0_ros.core.images import RgbImage
from pi0_ros.core.joints import JointOrder
from pi0_ros.core.printable import printable
from pi0_ros.msg import PolicyStatus, SafetyReport
from pi0_ros.ros import topics
from pi0_ros.ros.compressed import rgb_from_compressed
from pi0_ros.ros.conversions import chunk_from_message, rgb_from_message
from pi0_ros.ros.entities import interface, profile
from pi0_ros.ros.message_constants import constant_names
from pi0_ros.ros.qos import Qos
from pi0_ros.sim.demo_arm import JOINT_NAMES
from pi0_ros.sim.scene import CAMERAS, IMAGE_HEIGHT, IMAGE_WIDTH

NODE = "pi0_view"
# The nodes that draw the demo's scene, through the cameras whose places we know.
_PAINTERS = frozenset({*topics.CAMERA_RAW.publishers, "sim"})
_PAINTERS_EVERY_S = 1.0
_NEWEST = Qos("best effort", depth=1)
_POLICY_STATES = constant_names(PolicyStatus, "STATE_")
_MODES = constant_names(PolicyStatus, "MODE_")
_CONTROLLER_STATES = constant_names(SafetyReport, "STATE_")


@dataclass(frozen=True, slots=True)
class Watched:
    """Whose topics are watched.

    Attributes:
        namespace: of the arm's topics; empty for none.
        remappings: (from, to) pairs of topics.
        transports: camera -> "raw" or "compressed".
        image_shape: (height, width) of every picture, as the policy wants them.
    """

    namespace: str
    remappings: Sequence[tuple[str, str]]
    transports: Mapping[str, str]
    image_shape: tuple[int, int]

    def __post_init__(self) -> None:
        object.__setattr__(self, "transports", MappingProxyType(dict(self.transports)))


class Tap:
    """A node without an executor."""

    def __init__(self, watched: Watched) -> None:
        """
        Raises:
            ConfigurationError: the namespace is none.
        """
        self._watched = watched
        self._order = JointOrder(JOINT_NAMES)
        self._painters_asked_s = float("-inf")
        self._context = rclpy.Context()
        words = [word for pair in watched.remappings for word in ("-r", ":=".join(pair))]
        rclpy.init(
            args=["--ros-args", *words],
            context=self._context,
            signal_handler_options=SignalHandlerOptions.NO,
        )
        try:
            self._node = rclpy.create_node(
                NODE,
                namespace=watched.namespace,
                context=self._context,
                enable_rosout=False,
                start_parameter_services=False,
            )
        except NameValidationException as error:
            rclpy.shutdown(context=self._context)
            raise ConfigurationError(
                f"--namespace {watched.namespace!r}: expected names of letters, digits and "
                "underscores, separated by /"
            ) from error
        self._cameras = {
            camera: self._reader(topics.camera_topic(camera, transport))
            for camera, transport in watched.transports.items()
        }
        self._chunks = self._reader(topics.ACTION_CHUNK)
        self._policy = self._reader(topics.POLICY_STATUS)
        self._controller = self._reader(topics.SAFETY_REPORT)

    def take(self, sight: Sight, now_s: float) -> None:
        """Puts what has arrived since the last call into `sight`."""
        for camera, reader in self._cameras.items():
            for message in _waiting(reader):
                try:
                    sight.see(camera, self._picture(message), now_s)
                except InputRefused as refusal:
                    sight.refused[camera] = Refused(now_s, printable(str(refusal)))
        for message in _waiting(self._chunks):
            _take_chunk(sight, message, self._order, now_s)
        for message in _waiting(self._policy):
            sight.policy = _policy_heard(message, now_s)
        for message in _waiting(self._controller):
            sight.controller = ControllerHeard(
                at_s=now_s,
                state=_CONTROLLER_STATES.get(message.state, str(message.state)),
                reason=printable(message.reason),
                dry_run=message.dry_run,
            )
        if now_s - self._painters_asked_s > _PAINTERS_EVERY_S:
            self._painters_asked_s = now_s
            painters = self._painters()
            # Those who went have told who they were.
            if all(painters):
                sight.of_scene = self._is_scene(painters)

    def close(self) -> None:
        """Leaves DDS; nothing of it stays in shared memory."""
        self._node.destroy_node()
        rclpy.shutdown(context=self._context)
        # The participant lives as long as anything that refers to the node.
        del self._node, self._cameras, self._chunks, self._policy, self._controller
        gc.collect()

    def _reader(self, topic: topics.Topic) -> Subscription:
        return self._node.create_subscription(
            interface(topic.type), topic.name, _never_called, profile(_NEWEST)
        )

    def _picture(self, message: Any) -> RgbImage:
        decode: Callable[..., RgbImage] = (
            rgb_from_message if hasattr(message, "encoding") else rgb_from_compressed
        )
        return decode(message, self._watched.image_shape)

    def _painters(self) -> list[set[str]]:
        """Names of the nodes that publish each camera's pictures."""
        return [
            {end.node_name for end in self._node.get_publishers_info_by_topic(reader.topic_name)}
            for reader in self._cameras.values()
        ]

    def _is_scene(self, painters: list[set[str]]) -> bool:
        """Whether all cameras are the demo scene's: by who publishes, since names tell nothing."""
        return (
            self._watched.image_shape == (IMAGE_HEIGHT, IMAGE_WIDTH)
            and set(self._cameras) <= set(CAMERAS)
            and all(len(names) == 1 and names <= _PAINTERS for names in painters)
        )


def _never_called(_message: Any) -> None:
    raise AssertionError("this node has no executor")


def _waiting(reader: Subscription) -> Iterator[Any]:
    """What has arrived, as `rclpy.wait_for_message` takes it."""
    with reader.handle:
        while (taken := reader.handle.take_message(reader.msg_type, reader.raw)) is not None:
            yield taken[0]


def _take_chunk(sight: Sight, message: Any, order: JointOrder, now_s: float) -> None:
    try:
        chunk = chunk_from_message(message)
        lasts_s = chunk.horizon * chunk.step_ns / 1e9
        positions = chunk.positions[:, order.columns(chunk.joint_names, "chunk")]
    except InputRefused:
        # Of another arm, or broken: the controller counts and names it.
        sight.plan(None, 0.0, now_s)
    else:
        sight.plan(positions, lasts_s, now_s)


def _policy_heard(message: Any, now_s: float) -> PolicyHeard:
    return PolicyHeard(
        at_s=now_s,
        state=_POLICY_STATES.get(message.state, str(message.state)),
        mode=_MODES.get(message.mode, str(message.mode)),
        reason=printable(message.reason),
        policy_id=printable(message.policy_id),
        device=printable(message.device),
        instruction=printable(message.instruction),
        chunk_rate_hz=message.chunk_rate_hz,
        inference_s=message.inference_last_s,
        stretch=message.stretch,
    )
