"""The policy node's subscriptions: messages are decoded, handed to the builder, or refused."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image, JointState
from std_msgs.msg import String

from pi0_ros.core.errors import InputRefused
from pi0_ros.core.images import RgbImage
from pi0_ros.core.observation_builder import ObservationBuilder, camera_stream
from pi0_ros.ros import topics
from pi0_ros.ros.compressed import rgb_from_compressed
from pi0_ros.ros.conversions import nanoseconds, rgb_from_message
from pi0_ros.ros.entities import subscription
from pi0_ros.ros.refusal_log import RefusalLog

Subscribe = Callable[[topics.Topic, Callable[[Any], None]], Any]


class PolicyInputs:
    """Cameras, joint states and instruction of one node, until `close`.

    Args:
        transports: camera -> "raw" or "compressed".
        shape: (height, width) that every picture must have.
        now_ns: ROS time.
        take_instruction: called with every instruction that comes.
        subscribe: to a topic, with a callback; None: of the node, as the table says.

    Attributes:
        topics: what is subscribed to.
    """

    def __init__(
        self,
        node: Node,
        builder: ObservationBuilder,
        transports: Mapping[str, str],
        shape: tuple[int, int],
        now_ns: Callable[[], int],
        take_instruction: Callable[[str], None],
        refusals: RefusalLog,
        subscribe: Subscribe | None = None,
    ) -> None:
        self._node = node
        self._builder = builder
        self._shape = shape
        self._now_ns = now_ns
        self._take_instruction = take_instruction
        self._frames: dict[str, str] = {}
        self._refusals = refusals
        self._subscribe: Subscribe = subscribe or partial(subscription, node)
        cameras = {camera: topics.camera_topic(camera, kind) for camera, kind in transports.items()}
        self.topics = (*cameras.values(), topics.JOINT_STATES, topics.INSTRUCTION)
        self._subscriptions = [
            *(self._camera(camera, topic) for camera, topic in cameras.items()),
            self._subscribe(topics.JOINT_STATES, self._take_joint_state),
            self._subscribe(topics.INSTRUCTION, self._take_string),
        ]

    def close(self) -> None:
        for entry in self._subscriptions:
            self._node.destroy_subscription(entry)
        self._subscriptions = []

    def _camera(self, camera: str, topic: topics.Topic) -> Any:
        if topic.type == topics.CAMERA_COMPRESSED.type:

            def decode(message: CompressedImage) -> RgbImage:
                return rgb_from_compressed(message, self._shape)
        else:

            def decode(message: Image) -> RgbImage:
                return rgb_from_message(message, self._shape)

        def take(message: Image | CompressedImage) -> None:
            try:
                self._require_same_frame(camera, message.header.frame_id)
                pixels = decode(message)
            except InputRefused as refusal:
                self._builder.refuse(camera_stream(camera), refusal.kind)
                self._refusals.refused(topic.name, refusal)
                return
            try:
                self._builder.add_image(
                    camera,
                    nanoseconds(message.header.stamp),
                    pixels,
                    self._now_ns(),
                    time.monotonic_ns(),
                )
            except InputRefused as refusal:
                self._refusals.refused(topic.name, refusal)

        return self._subscribe(topic, take)

    def _require_same_frame(self, camera: str, frame_id: str) -> None:
        """Cameras that change places while the node runs change their frames with them."""
        expected = self._frames.setdefault(camera, frame_id)
        if frame_id != expected:
            raise InputRefused(
                "frame",
                f"camera/{camera}: frame_id was {expected!r} and is {frame_id!r}: are cameras "
                "swapped? If it is meant, configure pi0_policy anew",
            )

    def _take_joint_state(self, message: JointState) -> None:
        try:
            self._builder.add_joint_state(
                nanoseconds(message.header.stamp),
                message.name,
                message.position,
                self._now_ns(),
                time.monotonic_ns(),
            )
        except InputRefused as refusal:
            self._refusals.refused(topics.JOINT_STATES.name, refusal)

    def _take_string(self, message: String) -> None:
        self._take_instruction(message.data)
