"""The node `mock_cameras`: draws what three cameras see of the demo arm."""

import array
import threading
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from rclpy.publisher import Publisher
from sensor_msgs.msg import CompressedImage, Image, JointState

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import ConfigurationError, InputRefused
from pi0_ros.core.joints import JointOrder
from pi0_ros.ros import topics
from pi0_ros.ros.arm_parameters import MOCK_CAMERAS
from pi0_ros.ros.camera_faults import spoiled, stamp_with_fault
from pi0_ros.ros.compressed import jpeg
from pi0_ros.ros.conversions import time_message
from pi0_ros.ros.entities import publisher, subscription
from pi0_ros.ros.fault_parameter import CAMERA_FAULTS, NO_FAULT
from pi0_ros.ros.fault_switch import FaultSwitch
from pi0_ros.ros.node_basics import PlainNode
from pi0_ros.ros.process import StopRequest
from pi0_ros.ros.refusal_log import RefusalLog
from pi0_ros.ros.ros_beat import RosBeat
from pi0_ros.sim.renderer import SceneRenderer
from pi0_ros.sim.scene import IMAGE_HEIGHT, IMAGE_WIDTH

_JOIN_S = 2.0


class MockCamerasNode(PlainNode):
    """Draws in a thread of its own, at `camera_rate`, as soon as joint states arrive.

    Raises:
        ConfigurationError: a parameter cannot work.
    """

    def __init__(self, stop: StopRequest | None = None, **kwargs: Any) -> None:
        super().__init__("mock_cameras", MOCK_CAMERAS, stop, **kwargs)
        values = self.parameters.require()
        names = values.texts("camera_names")
        self._renderer = SceneRenderer()
        unknown = sorted(set(names) - set(self._renderer.cameras))
        if unknown:
            raise ConfigurationError(
                f"camera_names: no view {', '.join(unknown)} of the scene; there are "
                f"{', '.join(self._renderer.cameras)}"
            )
        # The default target of a fault is the first camera.
        self._faults = FaultSwitch(self, CAMERA_FAULTS, names[::-1])
        self._joints = JointOrder(values.texts("joint_names"))
        self._positions: FloatArray | None = None
        self._good_ns: dict[str, int] = {}
        self._log = RefusalLog(self.get_logger().warning)
        compressed = values.text("camera_transport") == "compressed"
        self._outlets: Mapping[str, _Outlet] = {
            name: _CompressedOutlet(
                publisher(self, topics.CAMERA_COMPRESSED.of_camera(name)),
                values.whole("jpeg_quality"),
            )
            if compressed
            else _RawOutlet(publisher(self, topics.CAMERA_RAW.of_camera(name)))
            for name in names
        }
        subscription(self, topics.JOINT_STATES, self._take_joint_state)
        self._beat = RosBeat(self.get_clock(), values.number("camera_rate"))
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._draw, name="draw", daemon=True)
        self._thread.start()
        self.get_logger().info(f"drawing {', '.join(names)}")

    def close(self) -> None:
        self._ending.set()
        self._thread.join(_JOIN_S)
        self._beat.close()

    def _take_joint_state(self, message: JointState) -> None:
        try:
            self._positions = self._joints.select(message.name, message.position, "joint_states")
        except InputRefused as refusal:
            self._log.refused(topics.JOINT_STATES.name, refusal)

    def _draw(self) -> None:
        try:
            while self._beat.wait(self._ending):
                positions = self._positions
                if positions is None:
                    continue
                stamp_ns = self.now_ns()
                for camera, outlet in self._outlets.items():
                    if outlet.wanted:
                        self._show(camera, outlet, positions, stamp_ns)
        except Exception as error:  # noqa: BLE001  a thread's exceptions end nothing by themselves
            self.fail(error)

    def _show(self, camera: str, outlet: "_Outlet", positions: FloatArray, stamp_ns: int) -> None:
        fault = self._faults.now(camera)
        if fault == NO_FAULT:
            self._good_ns[camera] = stamp_ns
        if fault == "dropped":
            return
        seen = self._neighbour(camera) if fault == "swapped" else camera
        if fault != "frozen":
            self._renderer.render_view(seen, positions, outlet.pixels)
        stamp_shown_ns = stamp_with_fault(fault, stamp_ns, self._good_ns.get(camera, stamp_ns))
        outlet.publish(stamp_shown_ns, _frame_id(seen), fault)

    def _neighbour(self, camera: str) -> str:
        names = list(self._outlets)
        return names[(names.index(camera) + 1) % len(names)]


def _frame_id(camera: str) -> str:
    return f"camera_{camera}_optical_frame"


class _Outlet(Protocol):
    """Where one camera's picture is drawn and sent from."""

    pixels: Any

    @property
    def wanted(self) -> bool: ...

    def publish(self, stamp_ns: int, frame_id: str, fault: str) -> None: ...


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

    def publish(self, stamp_ns: int, frame_id: str, fault: str) -> None:
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

    def publish(self, stamp_ns: int, frame_id: str, fault: str) -> None:
        pixels = self.pixels[::2, ::2] if fault == "wrong_size" else self.pixels
        self._message.header.stamp = time_message(stamp_ns)
        self._message.header.frame_id = frame_id
        self._message.data = array.array("B", jpeg(pixels, self._quality))
        self._target.publish(spoiled(self._message, fault) if fault else self._message)
