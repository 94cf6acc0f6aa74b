"""Messages in, a dataset out, that says what was seen and commanded at each capture time."""

import array
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sensor_msgs.msg import Image, JointState
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from pi0_ros.core.errors import DatasetError
from pi0_ros.core.observation_config import ObservationConfig
from pi0_ros.policy.dataset.layout import DatasetLayout
from pi0_ros.policy.dataset.reader import recorded_samples
from pi0_ros.policy.dataset.session import EpisodePlan, RecordingSession, SessionState
from pi0_ros.policy.dataset.writer import DatasetWriter
from pi0_ros.ros import topics
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


class Stage:
    """A recorder, and hands that feed it; the n-th moment's pictures and joints say n."""

    def __init__(self, world: Any, writer: DatasetWriter, **changes: Any) -> None:
        self.world = world
        self.writer = writer
        # A busy machine is late with messages: gaps are not what is tested here.
        self.session = RecordingSession(writer, EpisodePlan(most_gaps=1000))
        self.said: list[str] = []
        settings: dict[str, Any] = {
            "observation": ObservationConfig(
                CAMERAS, JOINTS, (HEIGHT, WIDTH), camera_max_age_s=5.0, joint_max_age_s=5.0
            ),
            "transports": dict.fromkeys(CAMERAS, "raw"),
            "camera_features": FEATURES,
            "command_interface": "joint_trajectory",
            "tracking_tolerance_rad": 10.0,
            "fps": 20,
        }
        self.node = RecordingNode(
            RecordingSettings(**{**settings, **changes}),
            self.session,
            self.said.append,
            context=world.context,
            use_global_arguments=False,
        )
        world.nodes.append(self.node)
        world.executor.add_node(self.node)
        self.pictures = [world.publisher(topics.CAMERA_RAW.of_camera(camera)) for camera in CAMERAS]
        self.joints = world.publisher(topics.JOINT_STATES)
        self.instructions = world.publisher(topics.INSTRUCTION)
        self.commands = world.publisher(topics.JOINT_TRAJECTORY)
        self.stamps: list[int] = []

    def feed(self) -> None:
        """One moment: two pictures and a joint state of now."""
        number, stamp_ns = len(self.stamps), time.time_ns()
        self.stamps.append(stamp_ns)
        for index, target in enumerate(self.pictures):
            target.publish(picture(stamp_ns, number + index))
        message = JointState(name=list(JOINTS), position=state_of(number).tolist())
        message.header.stamp = time_message(stamp_ns)
        self.joints.publish(message)

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        """Feeds at 50 Hz meanwhile."""
        fed_s = [0.0]

        def fed() -> Any:
            if time.monotonic() - fed_s[0] > 0.02:
                fed_s[0] = time.monotonic()
                self.feed()
            return condition()

        return self.world.until(fed, what)

    def ask(self, entry: topics.Service) -> Any:
        return self.world.call(entry.type, entry.name)

    def command(self) -> int:
        """Sends the lines; when they begin."""
        start_ns = time.time_ns()
        message = JointTrajectory(joint_names=list(JOINTS))
        message.header.stamp = time_message(start_ns)
        message.points = [
            JointTrajectoryPoint(
                positions=array.array("d", row), time_from_start=duration_message(after_ns)
            )
            for row, after_ns in (([0.0, 0.0], 0), (GOAL.tolist(), LENGTH_NS))
        ]
        self.commands.publish(message)
        return start_ns


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


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[DatasetWriter]:
    layout = DatasetLayout(20, FEATURES, JOINTS, (HEIGHT, WIDTH), "png")
    with DatasetWriter(tmp_path / "set", layout) as opened:
        yield opened


def test_two_episodes_are_what_was_seen_and_commanded(world: Any, writer: DatasetWriter) -> None:
    stage = Stage(world, writer)
    assert stage.ask(topics.RECORD_START).success
    stage.instructions.publish(String(data="fold it"))
    stage.until(lambda: "no command" in stage.session.missed, "frames without a command")
    assert writer.frames == 0
    start_ns = stage.command()
    for episode in range(2):
        stage.until(lambda: writer.frames >= 4, f"frames of episode {episode}")
        answer = stage.ask(topics.RECORD_STOP)
        assert answer.success, answer.message
        assert stage.ask(topics.RECORD_START).success
    stage.until(lambda: writer.frames >= 1, "a frame to discard")
    assert stage.ask(topics.RECORD_DISCARD).success
    assert (writer.episodes, writer.frames) == (2, 0)

    samples = list(recorded_samples(writer.folder, 1, FEATURES))
    assert len(samples) == writer.total_frames >= 8
    for sample in samples:
        number = int(sample.images["main"][0, 0, 0]) * 256 + int(sample.images["main"][0, 0, 1])
        # Bit for bit what was sent, and joints of the same moment.
        assert np.array_equal(sample.images["main"], pixels_of(number))
        side = int(sample.images["side"][0, 0, 0]) * 256 + int(sample.images["side"][0, 0, 1])
        assert np.array_equal(sample.images["side"], pixels_of(side))
        # The capture time is the older of the two pictures'.
        moment = min(number, side - 1)
        assert np.array_equal(sample.positions, state_of(moment).astype(np.float32))
        due = GOAL * (stage.stamps[moment] - start_ns) / LENGTH_NS
        assert sample.actions[0] == pytest.approx(due, abs=1e-6)
        assert sample.instruction == "fold it"


def test_an_arm_that_is_not_where_it_is_commanded_is_not_recorded(
    world: Any, writer: DatasetWriter
) -> None:
    stage = Stage(world, writer, tracking_tolerance_rad=1e-9, instruction="go")
    stage.command()
    assert stage.ask(topics.RECORD_START).success
    stage.until(lambda: "not commanded" in stage.session.missed, "frames that are refused")
    assert writer.frames == 0
    answer = stage.ask(topics.RECORD_STOP)
    assert not answer.success
    assert "not commanded" in answer.message


def test_without_a_camera_nothing_is_recorded_and_the_camera_is_named(
    world: Any, writer: DatasetWriter
) -> None:
    stage = Stage(world, writer, instruction="go")
    stage.pictures.pop()
    stage.command()
    assert stage.ask(topics.RECORD_START).success
    missing = "camera/side: nothing valid received yet"
    stage.until(lambda: missing in stage.session.missed, "frames that are refused")
    assert stage.session.state is SessionState.WAITING
    assert missing in stage.node.view().problems


def test_a_dataset_that_cannot_be_written_ends_the_recording(
    world: Any, writer: DatasetWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> int:
        raise DatasetError("no space left")

    monkeypatch.setattr(writer, "save_episode", full)
    stage = Stage(world, writer, instruction="go")
    stage.command()
    assert stage.ask(topics.RECORD_START).success
    stage.until(lambda: writer.frames >= 1, "a frame")
    answer = stage.ask(topics.RECORD_STOP)
    assert not answer.success
    assert "no space left" in answer.message
    assert isinstance(stage.node.ended.exception(), DatasetError)
