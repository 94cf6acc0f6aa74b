"""A dataset is read as LeRobot reads it, and refused with words where it cannot be learnt from."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from contracts.small_dataset import CAMERAS, FPS, JOINTS, PICTURE, TASKS, write_dataset
from lerobot.datasets import LeRobotDataset

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.policy.learning.recording import Recording, episode_count, open_recording

Features = dict[str, dict[str, object]]


def test_it_holds_what_was_recorded(dataset: Path, recorded: Recording) -> None:
    assert recorded.cameras == tuple(f"observation.images.{camera}" for camera in CAMERAS)
    assert recorded.picture_size == PICTURE
    assert recorded.joint_names == JOINTS
    assert recorded.fps == FPS
    assert recorded.episode_lengths == (12, 9, 12)
    assert len(recorded) == 33
    assert recorded.tasks == (TASKS[0],) * 12 + (TASKS[1],) * 9 + (TASKS[0],) * 12
    assert episode_count(dataset) == 3


def test_chunks_are_those_of_lerobots_delta_timestamps(dataset: Path, recorded: Recording) -> None:
    reference = LeRobotDataset(
        "local/small", root=dataset, delta_timestamps={"action": [i / FPS for i in range(6)]}
    )
    chunks = recorded.chunks(6)
    for row in (0, 8, 11, 12, 20, 32):
        item = reference[row]
        np.testing.assert_array_equal(chunks[row], item["action"].numpy())
        np.testing.assert_array_equal(recorded.states[row], item["observation.state"].numpy())
        assert recorded.tasks[row] == item["task"]


def test_frames_that_stay_are_left_out_as_told(recorded: Recording) -> None:
    away = np.abs(recorded.chunks(6)[:, -1] - recorded.states).max(axis=1)
    bound = float(np.median(away))
    moving = recorded.learnt_rows(6, still_share=0.0, still_rad=bound, seed=0)
    assert moving.tolist() == np.flatnonzero(away > bound).tolist()
    assert recorded.learnt_rows(6, 1.0, bound, seed=0).tolist() == list(range(33))
    half = [recorded.learnt_rows(6, 0.5, bound, seed).tolist() for seed in (0, 0, 1)]
    assert half[0] == half[1] != half[2]
    assert set(moving.tolist()) < set(half[0]) < set(range(33))


def test_some_episodes_are_a_recording_too(dataset: Path, recorded: Recording) -> None:
    last = open_recording(dataset, range(1, 3))
    assert last.episode_lengths == (9, 12)
    np.testing.assert_array_equal(last.chunks(4), recorded.chunks(4)[12:])
    assert last.fingerprint != recorded.fingerprint


@pytest.fixture
def declare(tmp_path: Path) -> Callable[[Callable[[Features], None]], Path]:
    """A dataset of which only the declaration is there, changed."""

    def make(change: Callable[[Features], None]) -> Path:
        picture = {"dtype": "image", "shape": [48, 64, 3]}
        joints = {"dtype": "float32", "shape": [3], "names": list(JOINTS)}
        features: Features = {
            "observation.images.main": dict(picture),
            "observation.images.side": dict(picture),
            "observation.state": dict(joints),
            "action": dict(joints),
        }
        change(features)
        (tmp_path / "meta").mkdir()
        content = {
            "codebase_version": "v3.0",
            "total_episodes": 1,
            "total_frames": 5,
            "features": features,
        }
        (tmp_path / "meta" / "info.json").write_text(json.dumps(content))
        return tmp_path

    return make


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.pop("action"), r"has no action"),
        (lambda f: f.pop("observation.state"), r"has no observation\.state"),
        (lambda f: [f.pop(k) for k in list(f) if "images" in k], r"pictures named .* got none"),
        (lambda f: f.update(wrist=f["observation.images.main"]), r"got .*, wrist"),
        (lambda f: f["observation.images.main"].update(shape=[4, 4, 3]), r"one size"),
        (lambda f: f["observation.images.side"].update(shape=[48, 64, 1]), r"one size"),
        (lambda f: f["action"].update(shape=[4]), r"same joints"),
        (lambda f: f["action"].update(names=["c", "b", "a"]), r"same joints"),
    ],
)
def test_wrong_features_are_refused(
    declare: Callable[..., Path], change: Callable[[Features], None], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        open_recording(declare(change))


def test_no_dataset_is_refused_and_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no LeRobotDataset there .*meta/info\.json"):
        open_recording(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_an_old_empty_or_damaged_one_is_refused(declare: Callable[..., Path]) -> None:
    info = declare(lambda _: None) / "meta" / "info.json"
    whole = json.loads(info.read_text())
    for change, words in (
        ({"codebase_version": "v2.1"}, "got v2.1"),
        ({"total_episodes": 0}, "is empty"),
        ({"total_frames": None}, "damaged"),
    ):
        info.write_text(json.dumps({**whole, **change}))
        with pytest.raises(ConfigurationError, match=words):
            open_recording(info.parents[1])


def test_a_joint_that_never_moves_is_named(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path / "still", lengths=(4,), still=True)
    with pytest.raises(ConfigurationError, match=r"never changes at joint joint_3"):
        open_recording(folder)
