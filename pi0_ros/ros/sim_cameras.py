"""The simulated cameras: a thread that draws the newest snapshot of the world and sends it."""

import threading
from collections.abc import Callable
from typing import Any

from sensor_msgs.msg import CameraInfo

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.ros import topics
from pi0_ros.ros.conversions import time_message
from pi0_ros.ros.entities import publisher
from pi0_ros.ros.parameter_values import ParameterValues
from pi0_ros.ros.picture_outlets import frame_id, picture_outlets
from pi0_ros.sim.mujoco.world_view import WorldSnapshot, WorldView
from pi0_ros.sim.scene import CAMERAS, IMAGE_HEIGHT, IMAGE_WIDTH, PinholeCamera

_JOIN_S = 2.0


class SimCameras:
    """Draws in a thread of its own, so that physics never waits for a picture.

    Args:
        node: whose topics it publishes and which fails when drawing does.
        make_view: called in the drawing thread, to which GL ties what it makes.

    Raises:
        ConfigurationError: `camera_names` has a view that the scene does not have.
    """

    def __init__(
        self, node: Any, values: ParameterValues, make_view: Callable[[], WorldView]
    ) -> None:
        unknown = sorted(set(values.texts("camera_names")) - set(CAMERAS))
        if unknown:
            raise ConfigurationError(
                f"camera_names: no view {', '.join(unknown)} of the scene; there are "
                f"{', '.join(CAMERAS)}"
            )
        self._fail = node.fail
        self._make_view = make_view
        self._outlets = picture_outlets(node, values)
        self._infos = {
            name: publisher(node, topics.CAMERA_INFO.of_camera(name)) for name in self._outlets
        }
        self._messages = {name: camera_info(name, CAMERAS[name]) for name in self._outlets}
        self._lock = threading.Condition()
        self._newest: WorldSnapshot | None = None
        self._skipped = 0
        self._ending = False
        self._thread = threading.Thread(target=self._draw, name="draw", daemon=True)
        self._thread.start()

    @property
    def skipped(self) -> int:
        """Snapshots that came before the one before them was drawn, and replaced it."""
        return self._skipped

    def offer(self, snapshot: WorldSnapshot) -> None:
        """Has a snapshot drawn, if the drawing keeps up."""
        with self._lock:
            self._skipped += self._newest is not None
            self._newest = snapshot
            self._lock.notify()

    def close(self) -> None:
        with self._lock:
            self._ending = True
            self._lock.notify()
        self._thread.join(_JOIN_S)

    def _draw(self) -> None:
        try:
            view = self._make_view()
            try:
                while (snapshot := self._next()) is not None:
                    view.show(snapshot)
                    self._send(view, snapshot.stamp_ns)
            finally:
                view.close()
        except Exception as error:  # noqa: BLE001  a thread's exceptions end nothing by themselves
            self._fail(error)

    def _next(self) -> WorldSnapshot | None:
        with self._lock:
            self._lock.wait_for(lambda: self._ending or self._newest is not None)
            snapshot, self._newest = self._newest, None
            return None if self._ending else snapshot

    def _send(self, view: WorldView, stamp_ns: int) -> None:
        for camera, outlet in self._outlets.items():
            message = self._messages[camera]
            message.header.stamp = time_message(stamp_ns)
            self._infos[camera].publish(message)
            if outlet.wanted:
                view.render(camera, outlet.pixels)
                outlet.publish(stamp_ns, frame_id(camera))


def camera_info(name: str, camera: PinholeCamera) -> CameraInfo:
    """An ideal pinhole without distortion, as image_pipeline expects it; not yet stamped."""
    focal, x, y = camera.focal_px, IMAGE_WIDTH / 2.0, IMAGE_HEIGHT / 2.0
    message = CameraInfo(
        height=IMAGE_HEIGHT,
        width=IMAGE_WIDTH,
        distortion_model="plumb_bob",
        d=[0.0] * 5,
        k=[focal, 0.0, x, 0.0, focal, y, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[focal, 0.0, x, 0.0, 0.0, focal, y, 0.0, 0.0, 0.0, 1.0, 0.0],
    )
    message.header.frame_id = frame_id(name)
    return message
