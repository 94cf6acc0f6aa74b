"""The node `mock_cameras`: draws what three cameras see of the demo arm."""

import threading
from typing import Any

from sensor_msgs.msg import JointState

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import ConfigurationError, InputRefused
from pi0_ros.core.joints import JointOrder
from pi0_ros.core.stop_request import StopRequest
from pi0_ros.ros import topics
from pi0_ros.ros.arm_parameters import MOCK_CAMERAS
from pi0_ros.ros.camera_faults import stamp_with_fault
from pi0_ros.ros.entities import subscription
from pi0_ros.ros.fault_parameter import CAMERA_FAULTS, NO_FAULT
from pi0_ros.ros.fault_switch import FaultSwitch
from pi0_ros.ros.node_basics import PlainNode
from pi0_ros.ros.picture_outlets import PictureOutlet, frame_id, picture_outlets
from pi0_ros.ros.refusal_log import RefusalLog
from pi0_ros.ros.ros_beat import RosBeat
from pi0_ros.sim.renderer import SceneRenderer

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
        self._outlets = picture_outlets(self, values)
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

    def _show(
        self, camera: str, outlet: PictureOutlet, positions: FloatArray, stamp_ns: int
    ) -> None:
        fault = self._faults.now(camera)
        if fault == NO_FAULT:
            self._good_ns[camera] = stamp_ns
        if fault == "dropped":
            return
        seen = self._neighbour(camera) if fault == "swapped" else camera
        if fault != "frozen":
            self._renderer.render_view(seen, positions, outlet.pixels)
        stamp_shown_ns = stamp_with_fault(fault, stamp_ns, self._good_ns.get(camera, stamp_ns))
        outlet.publish(stamp_shown_ns, frame_id(seen), fault)

    def _neighbour(self, camera: str) -> str:
        names = list(self._outlets)
        return names[(names.index(camera) + 1) % len(names)]
