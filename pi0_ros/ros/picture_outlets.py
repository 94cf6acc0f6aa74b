"""Where drawn pictures leave from: one outlet for each camera, raw or compressed."""

import array
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from rclpy.publisher import Publisher
from sensor_msgs.msg import CompressedImage, Image

from pi0_ros.ros import topics
from pi0_ros.ros.camera_faults import spoiled
from pi0_ros.ros.compressed import jpeg
from pi0_ros.ros.conversions import time_message
from pi0_ros.ros.entities import publisher
from pi0_ros.ros.parameter_values import ParameterValues
from pi0_ros.sim.scene import IMAGE_HEIGHT, IMAGE_WIDTH


class PictureOutlet(Protocol):
    """Where one camera's picture is drawn and sent from.

    Attributes:
        pixels: to be drawn into, uint8 RGB, shape (480, 640, 3).
    """

    pixels: Any

    @property
    def wanted(self) -> bool:
        """Whether anybody listens."""
        ...

    def publish(self, stamp_ns: int, frame_id: str, fault: str = "") -> None: ...


def picture_outlets(node: Any, values: ParameterValues) -> Mapping[str, PictureOutlet]:
    """Camera name -> outlet, by the parameters camera_names, camera_transport and jpeg_quality."""
    compressed = values.text("camera_transport") == "compressed"
    return {
        name: _CompressedOutlet(
            publisher(node, topics.CAMERA_COMPRESSED.of_camera(name)),
            values.whole("jpeg_quality"),
        )
        if compressed
        else _RawOutlet(publisher(node, topics.CAMERA_RAW.of_camera(name)))
        for name in values.texts("camera_names")
    }


def frame_id(camera: str) -> str:
    return f"camera_{camera}_optical_frame"


class _RawOutlet:
    """Keeps one message and draws into it: assigning pixels would walk every byte."""

    def __init__(self, target: Publisher) -> None:
        self._target = target
        step = IMAGE_WIDTH * 3
        self._message = Image(
            height=IMAGE_HEIGHT, width=IMAGE_WIDTH, encoding="rgb8", step=step, is_bigendian=0
        )
        self._message.data = array.array("B", bytes(IMAGE_HEIGHT * step))
        self.pixels = np.frombuffer(self._message.data, dtype=np.uint8).reshape(
            IMAGE_HEIGHT, IMAGE_WIDTH, 3
        )

    @property
    def wanted(self) -> bool:
        return bool(self._target.get_subscription_count())

    def publish(self, stamp_ns: int, frame_id: str, fault: str = "") -> None:
        self._message.header.stamp = time_message(stamp_ns)
        self._message.header.frame_id = frame_id
        self._target.publish(spoiled(self._message, fault) if fault else self._message)


class _CompressedOutlet:
    def __init__(self, target: Publisher, quality: int) -> None:
        self._target = target
        self._quality = quality
        self._message = CompressedImage(format="rgb8; jpeg compressed bgr8")
        self.pixels = np.empty((IMAGE_HEIGHT, IMAGE_WIDTH, 3), dtype=np.uint8)

    @property
    def wanted(self) -> bool:
        return bool(self._target.get_subscription_count())

    def publish(self, stamp_ns: int, frame_id: str, fault: str = "") -> None:
        pixels = self.pixels[::2, ::2] if fault == "wrong_size" else self.pixels
        self._message.header.stamp = time_message(stamp_ns)
        self._message.header.frame_id = frame_id
        self._message.data = array.array("B", jpeg(pixels, self._quality))
        self._target.publish(spoiled(self._message, fault) if fault else self._message)
