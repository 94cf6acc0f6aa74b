"""A bag's messages, taken by what takes the topics', make the frames that the dataset has."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rclpy.serialization import deserialize_message
from rosbags.interfaces import QosDurability, QosReliability
from rosbags.rosbag2 import Reader
from std_msgs.msg import String

from pi0_ros.policy.dataset.bag_folder import BagFolder
from pi0_ros.policy.dataset.layout import DatasetLayout
from pi0_ros.policy.dataset.reader import recorded_samples
from pi0_ros.policy.dataset.writer import DatasetWriter
from pi0_ros.ros import topics
from pi0_ros.ros.bag.contents import FRAMES
from pi0_ros.ros.bag.definitions import definition
from pi0_ros.ros.bag.episode_bag import Storage
from pi0_ros.ros.bag.recorder import BagRecorder
from pi0_ros.ros.entities import interface
from pi0_ros.ros.frame_source import FrameSource
from pi0_ros.ros.policy_inputs import PolicyInputs
from pi0_ros.ros.refusal_log import RefusalLog

from .recording_stage import FEATURES, HEIGHT, JOINTS, WIDTH, Stage, settings, trajectory


@pytest.fixture(params=["mcap", "sqlite3"])
def stage(request: Any, world: Any, tmp_path: Path) -> Iterator[Stage]:
    storage: Storage = request.param
    layout = DatasetLayout(20, FEATURES, JOINTS, (HEIGHT, WIDTH), "png")
    with (
        DatasetWriter(tmp_path / "set", layout) as writer,
        BagRecorder(BagFolder(tmp_path / "set"), storage, window_s=6.0) as bag,
    ):
        yield Stage(world, writer, bag)


class Replay:
    """What the recorder makes of messages, from a bag's."""

    def __init__(self) -> None:
        self.source = FrameSource(settings())
        self.now_ns = 0
        self.refused: list[str] = []
        self.callbacks: dict[str, Callable[[Any], None]] = {}
        self.inputs = PolicyInputs(
            None,  # type: ignore[arg-type]  # nothing is subscribed to
            self.source.builder,
            settings().transports,
            (HEIGHT, WIDTH),
            lambda: self.now_ns,
            lambda text: self.source.builder.set_instruction(text, self.now_ns),
            RefusalLog(self.refused.append),
            lambda topic, callback: self.callbacks.update({topic.name: callback}),
        )
        self.callbacks[self.source.command_topic.name] = lambda message: self.source.take_command(
            message, self.now_ns
        )

    def frames(self, bag: Path) -> Iterator[tuple[Any, Any, Any]]:
        """Observation, command, and the capture time that the bag says."""
        with Reader(bag) as reader:
            for connection, self.now_ns, data in reader.messages():
                message = deserialize_message(data, interface(connection.msgtype))
                name = connection.topic.removeprefix("/")
                if name in self.callbacks:
                    self.callbacks[name](message)
                elif name == FRAMES.name:
                    yield *self.source.frame(self.now_ns, time.monotonic_ns()), message.stamp


def test_each_bag_alone_leads_to_the_frames_of_its_episode_bit_for_bit(stage: Stage) -> None:
    writer = stage.writer
    stage.instructions.publish(String(data="fold it"))
    # Without a stamp it begins when it comes: the bag must say when it came to the recorder.
    stage.commands.publish(trajectory(0))
    lengths = []
    for episode in range(2):
        assert stage.ask(topics.RECORD_START).success
        stage.until(lambda: writer.frames >= 3, f"frames of episode {episode}")
        if episode:
            stage.instructions.publish(String(data="drop it"))
            stage.until(lambda: stage.node.view().instruction == "drop it", "the instruction")
            before = writer.frames
            stage.until(lambda: writer.frames > before + 1, "frames with it")  # noqa: B023
        answer = stage.ask(topics.RECORD_STOP)
        assert answer.success
        assert "bag of" in answer.message
        lengths.append(int(answer.message.split()[3]))
    samples = list(recorded_samples(writer.folder, 1, FEATURES))
    assert len(samples) == sum(lengths)

    bags = BagFolder(writer.folder)
    first = 0
    for episode, length in enumerate(lengths):
        replay = Replay()
        frames = list(replay.frames(bags.of(episode)))
        assert replay.refused == []
        assert len(frames) == length
        for sample, (observation, command, stamp) in zip(
            samples[first : first + length], frames, strict=True
        ):
            assert observation.stamp_ns == stamp.sec * 1_000_000_000 + stamp.nanosec
            assert set(sample.images) == set(observation.images)
            for camera, pixels in observation.images.items():
                assert np.array_equal(sample.images[camera], pixels)
            assert np.array_equal(sample.positions, observation.positions.astype(np.float32))
            assert np.array_equal(sample.actions[0], command.astype(np.float32))
            assert sample.instruction == observation.instruction
        first += length
    assert {sample.instruction for sample in samples} == {"fold it", "drop it"}


def test_a_bag_holds_what_else_is_said_and_how_it_was_offered(stage: Stage) -> None:
    heard = {
        topics.POLICY_STATUS: stage.world.publisher(topics.POLICY_STATUS),
        topics.CAMERA_INFO.of_camera("main"): stage.world.publisher(
            topics.CAMERA_INFO.of_camera("main")
        ),
    }
    for topic, target in heard.items():
        target.publish(interface(topic.type)())
    # Not a joint state: nobody can decode it, and it went over the topic all the same.
    broken = b"\0\1\0\0" + b"\xff" * 20
    stage.joints.publish(broken)
    stage.instructions.publish(String(data="fold it"))
    stage.command()
    assert stage.ask(topics.RECORD_START).success
    stage.until(lambda: stage.writer.frames >= 2, "frames")
    stage.joints.publish(broken)
    before = stage.writer.frames
    stage.until(lambda: stage.writer.frames > before + 1, "frames after it")
    assert stage.ask(topics.RECORD_STOP).success
    with Reader(BagFolder(stage.writer.folder).of(0)) as reader:
        found = {entry.topic: entry for entry in reader.connections}
        sent = [data for entry, _, data in reader.messages() if entry.topic == "/joint_states"]
    assert broken in sent
    for topic in (*heard, topics.INSTRUCTION, topics.JOINT_TRAJECTORY, topics.JOINT_STATES):
        entry = found[f"/{topic.name}"]
        assert (entry.msgtype, entry.digest) == (topic.type, definition(topic.type).type_hash)
        (offered,) = entry.ext.offered_qos_profiles
        assert offered.depth == topic.published.depth
        latched = topic.published.durability == "transient local"
        assert (offered.durability == QosDurability.TRANSIENT_LOCAL) == latched
        reliable = topic.published.reliability == "reliable"
        assert (offered.reliability == QosReliability.RELIABLE) == reliable
