"""A dataset as examples to learn from."""

from pathlib import Path

import numpy as np
import pytest

from pi0_ros.core.errors import ConfigurationError, DatasetError
from pi0_ros.policy.dataset.reader import recorded_samples
from pi0_ros.policy.dataset.writer import DatasetWriter

from .moments import CAMERAS, make_layout, moment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with DatasetWriter(tmp_path / "set", make_layout("png")) as writer:
        for episode in (range(3), range(3, 5)):
            for number in episode:
                writer.add(*moment(number))
            writer.save_episode()
    return tmp_path / "set"


def test_a_sample_has_the_pictures_and_the_commands_from_then_on(folder: Path) -> None:
    samples = list(recorded_samples(folder, horizon=2, camera_features=CAMERAS))
    assert len(samples) == 5
    for number, sample in enumerate(samples):
        observation, command = moment(number)
        for camera in CAMERAS:
            assert np.array_equal(sample.images[camera], observation.images[camera])
        assert np.array_equal(sample.positions, observation.positions.astype("f4"))
        assert np.array_equal(sample.actions[0], command.astype("f4"))
    assert np.array_equal(samples[0].actions[1], samples[1].actions[0])


def test_past_the_end_of_an_episode_the_last_command_is_repeated(folder: Path) -> None:
    samples = list(recorded_samples(folder, horizon=4))
    assert set(samples[0].images) == {"main", "hand"}
    for row in (1, 2, 3):
        assert np.array_equal(samples[1].actions[row], samples[2].actions[0])
        assert np.array_equal(samples[4].actions[row], samples[4].actions[0])


def test_what_is_no_dataset_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"info\.json"):
        next(recorded_samples(tmp_path, horizon=2))
    with pytest.raises(ConfigurationError, match="horizon"):
        next(recorded_samples(tmp_path, horizon=0))


def test_a_damaged_dataset_is_said(folder: Path) -> None:
    data = next(folder.glob("data/*/*.parquet"))
    data.write_bytes(data.read_bytes()[:-20])
    with pytest.raises(DatasetError, match="cannot be read"):
        next(recorded_samples(folder, horizon=2))
