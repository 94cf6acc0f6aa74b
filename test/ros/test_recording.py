"""Messages in, a dataset out, that says what was seen and commanded at each capture time."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from std_msgs.msg import String

from pi0_ros.core.errors import DatasetError
from pi0_ros.policy.dataset.layout import DatasetLayout
from pi0_ros.policy.dataset.reader import recorded_samples
from pi0_ros.policy.dataset.session import EpisodePlan, SessionState
from pi0_ros.policy.dataset.writer import DatasetWriter
from pi0_ros.ros import topics

from .recording_stage import (
    FEATURES,
    GOAL,
    HEIGHT,
    JOINTS,
    LENGTH_NS,
    WIDTH,
    Stage,
    pixels_of,
    state_of,
)


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


def test_frames_are_so_many_a_second_of_simulated_time(world: Any, writer: DatasetWriter) -> None:
    stage = Stage(world, writer, simulated=True, instruction="go")
    began_s = time.monotonic()
    # Four times as fast as real time: pictures are 0.08 simulated seconds apart.
    stage.now_ns = lambda: round(1e18 + 4e9 * (time.monotonic() - began_s))
    stage.until(lambda: not stage.node.view().problems, "input")
    stage.command()
    assert stage.ask(topics.RECORD_START).success
    stage.until(lambda: writer.frames >= 12, "frames")
    assert stage.ask(topics.RECORD_STOP).success
    numbers = [
        int(sample.images["main"][0, 0, 0]) * 256 + int(sample.images["main"][0, 0, 1])
        for sample in recorded_samples(writer.folder, 1, FEATURES)
    ]
    steps_s = np.diff([stage.stamps[number] for number in numbers]) / 1e9
    # By the wall clock there would be a frame in 0.2 simulated seconds.
    assert np.median(steps_s) < 0.15


def test_episodes_are_so_many_seconds_of_simulated_time(world: Any, writer: DatasetWriter) -> None:
    plan = EpisodePlan(episodes=1, episode_s=100.0, most_gaps=1000)
    stage = Stage(world, writer, simulated=True, plan=plan, instruction="go")
    # Two seconds from one moment to the next, of which there are fifty in a second.
    stage.now_ns = lambda: 10**18 + 2 * 10**9 * len(stage.stamps)
    stage.until(lambda: not stage.node.view().problems, "input")
    stage.command()
    # By the wall clock it would be too long for this deadline.
    stage.until(lambda: stage.session.state is SessionState.FINISHED, "the end of the episode")
    assert stage.session.saved == 1


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
