"""A recorder, and hands that feed it what no other moment has."""

import array
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from rclpy.clock import ClockType
from rclpy.parameter import Parameter
from rclpy.time import Time
from sensor_msgs.msg import Image, JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from pi0_ros.core.observation_config import ObservationConfig
from pi0_ros.policy.dataset.session import EpisodePlan, RecordingSession
from pi0_ros.policy.dataset.writer import DatasetWriter
from pi0_ros.ros import topics
from pi0_ros.ros.bag.recorder import BagRecorder
from pi0_ros.ros.conversions import duration_message, time_message
from pi0_ros.ros.recording import RecordingNode
from pi0_ros.ros.recording_settings import RecordingSettings

JOINTS = ("a", "b")
CAMERAS = ("main", "side")
HEIGHT, WIDTH = 16, 24
FEATURES = {"main": "observation.images.cam_0", "side": "observation.images.side"}
# From 0 to these in so long, in straight lines.
GOAL = np.array([0.3, -0.2])
LENGTH_NS = 20_000_000_000


def settings(**changes: Any) -> RecordingSettings:
    values: dict[str, Any] = {
        "observation": ObservationConfig(
            CAMERAS, JOINTS, (HEIGHT, WIDTH), camera_max_age_s=5.0, joint_max_age_s=5.0
        ),
        "transports": dict.fromkeys(CAMERAS, "raw"),
        "camera_features": FEATURES,
        "command_interface": "joint_trajectory",
        "tracking_tolerance_rad": 10.0,
        "fps": 20,
    }
    return RecordingSettings(**{**values, **changes})


class Stage:
    """A recorder, and hands that feed it; the n-th moment's pictures and joints say n."""

    def __init__(
        self,
        world: Any,
        writer: DatasetWriter,
        bag: BagRecorder | None = None,
        simulated: bool = False,
        # A busy machine is late with messages: gaps are not what is tested here.
        plan: EpisodePlan = EpisodePlan(most_gaps=1000),  # noqa: B008  it is frozen
        **changes: Any,
    ) -> None:
        self.world = world
        self.writer = writer
        self.session = RecordingSession(writer, plan, bag)
        self.said: list[str] = []
        self.node = RecordingNode(
            settings(**changes),
            self.session,
            self.said.append,
            bag,
            context=world.context,
            use_global_arguments=False,
            parameter_overrides=[Parameter("use_sim_time", value=simulated)],
        )
        world.nodes.append(self.node)
        world.executor.add_node(self.node)
        self.pictures = [world.publisher(topics.CAMERA_RAW.of_camera(camera)) for camera in CAMERAS]
        self.joints = world.publisher(topics.JOINT_STATES)
        self.instructions = world.publisher(topics.INSTRUCTION)
        self.commands = world.publisher(topics.JOINT_TRAJECTORY)
        self.stamps: list[int] = []
        self.now_ns: Callable[[], int] = time.time_ns

    def feed(self) -> None:
        """One moment: two pictures and a joint state of now."""
        number, stamp_ns = len(self.stamps), self.now_ns()
        self.stamps.append(stamp_ns)
        for index, target in enumerate(self.pictures):
            target.publish(picture(stamp_ns, number + index))
        self.joints.publish(joint_state(stamp_ns, number))

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        """Feeds at 50 Hz meanwhile."""
        fed_s = [0.0]

        def fed() -> Any:
            if self.node.get_clock().ros_time_is_active:
                now = Time(nanoseconds=self.now_ns(), clock_type=ClockType.ROS_TIME)
                self.node.get_clock().set_ros_time_override(now)
            if time.monotonic() - fed_s[0] > 0.02:
                fed_s[0] = time.monotonic()
                self.feed()
            return condition()

        return self.world.until(fed, what)

    def ask(self, entry: topics.Service) -> Any:
        return self.world.call(entry.type, entry.name)

    def command(self) -> int:
        """Sends the lines; when they begin."""
        start_ns = self.now_ns()
        self.commands.publish(trajectory(start_ns))
        return start_ns


def trajectory(start_ns: int) -> JointTrajectory:
    message = JointTrajectory(joint_names=list(JOINTS))
    message.header.stamp = time_message(start_ns)
    message.points = [
        JointTrajectoryPoint(
            positions=array.array("d", row), time_from_start=duration_message(after_ns)
        )
        for row, after_ns in (([0.0, 0.0], 0), (GOAL.tolist(), LENGTH_NS))
    ]
    return message


def joint_state(stamp_ns: int, number: int) -> JointState:
    message = JointState(name=list(JOINTS), position=state_of(number).tolist())
    message.header.stamp = time_message(stamp_ns)
    return message


def picture(stamp_ns: int, number: int) -> Image:
    message = Image(height=HEIGHT, width=WIDTH, encoding="rgb8", step=WIDTH * 3)
    message.header.stamp = time_message(stamp_ns)
    message.data = array.array("B", pixels_of(number).tobytes())
    return message


def pixels_of(number: int) -> np.ndarray:
    pixels = np.random.default_rng(number).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    pixels[0, 0] = (*divmod(number, 256), 7)
    return pixels


def state_of(number: int) -> np.ndarray:
    return np.array([0.001, -0.001]) * number
