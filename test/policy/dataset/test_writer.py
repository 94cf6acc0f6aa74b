"""What is written is a LeRobotDataset, whole at any instant."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from lerobot.datasets import LeRobotDataset
from lerobot.policies.utils import prepare_observation_for_inference

from pi0_ros.core.errors import ConfigurationError, DatasetError
from pi0_ros.policy.dataset.encoding import VIDEO_READER
from pi0_ros.policy.dataset.layout import Pictures
from pi0_ros.policy.dataset.quiet_datasets import quiet_datasets
from pi0_ros.policy.dataset.writer import DatasetWriter
from pi0_ros.policy.input_features import input_features

from .moments import CAMERAS, FPS, JOINTS, PICTURE, make_layout, moment


def read(folder: Path) -> LeRobotDataset:
    with quiet_datasets():
        return LeRobotDataset("local/read", root=folder, video_backend=VIDEO_READER)


def record(writer: DatasetWriter, numbers: range, instruction: str = "go") -> None:
    for number in numbers:
        writer.add(*moment(number, instruction))
    writer.save_episode()


def state_of(number: int) -> list[float]:
    return moment(number)[0].positions.astype(np.float32).tolist()


def test_a_recorded_frame_is_what_the_policy_would_have_been_fed_bit_for_bit(
    tmp_path: Path,
) -> None:
    with DatasetWriter(tmp_path / "set", make_layout("png")) as writer:
        record(writer, range(3))
        record(writer, range(3, 5), "stop")
    dataset = read(tmp_path / "set")
    assert len(dataset) == 5
    for number in range(5):
        observation, command = moment(number, "go" if number < 3 else "stop")
        pictures = [(feature, observation.images[camera]) for camera, feature in CAMERAS.items()]
        fed = prepare_observation_for_inference(
            input_features(pictures, observation.positions),
            torch.device("cpu"),
            task=observation.instruction,
        )
        item = dataset[number]
        for feature in (*CAMERAS.values(), "observation.state"):
            assert item[feature].dtype == fed[feature].dtype == torch.float32
            assert torch.equal(item[feature], fed[feature][0]), feature
        assert item["action"].tolist() == command.astype(np.float32).tolist()
        assert item["task"] == fed["task"]
    assert [dataset[i]["timestamp"].item() for i in (0, 2, 3)] == pytest.approx([0.0, 0.2, 0.0])
    assert [dataset[i]["episode_index"].item() for i in range(5)] == [0, 0, 0, 1, 1]


def test_video_keeps_states_exactly_and_pictures_nearly(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "set", make_layout("video")) as writer:
        for episode in range(2):
            for frame in range(4):
                observation, command = moment(10 * episode + frame)
                for picture in observation.images.values():
                    picture[:] = 60 * frame + 20 * episode
                writer.add(observation, command)
            writer.save_episode()
    dataset = read(tmp_path / "set")
    assert len(dataset) == 8
    for index in range(8):
        episode, frame = divmod(index, 4)
        item = dataset[index]
        assert item["observation.state"].tolist() == state_of(10 * episode + frame)
        for feature in CAMERAS.values():
            shown = item[feature].numpy() * 255
            assert np.abs(shown - (60 * frame + 20 * episode)).max() < 4.0


def test_the_information_file_names_rate_joints_pictures_and_arm(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "set", make_layout("png")) as writer:
        record(writer, range(2))
    info = json.loads((tmp_path / "set/meta/info.json").read_text())
    assert (info["fps"], info["robot_type"], info["total_episodes"]) == (FPS, "test arm", 1)
    for feature in ("observation.state", "action"):
        assert info["features"][feature]["names"] == list(JOINTS)
    for feature in CAMERAS.values():
        assert info["features"][feature]["shape"] == [*PICTURE, 3]


def test_a_discarded_episode_leaves_no_trace(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "set", make_layout("png")) as writer:
        writer.add(*moment(90))
        assert writer.discard_episode() == 1
        record(writer, range(2))
        writer.add(*moment(91))
        writer.add(*moment(92))
        assert writer.discard_episode() == 2
        record(writer, range(2, 3))
        writer.add(*moment(93))
    dataset = read(tmp_path / "set")
    assert dataset.num_episodes == 2
    states = [dataset[index]["observation.state"].tolist() for index in range(len(dataset))]
    assert states == [state_of(index) for index in range(3)]
    assert not list((tmp_path / "set").glob(".*"))


@pytest.mark.parametrize("pictures", ["png", "video"])
def test_resuming_goes_on_with_the_same_dataset(tmp_path: Path, pictures: Pictures) -> None:
    with DatasetWriter(tmp_path / "set", make_layout(pictures)) as writer:
        record(writer, range(2), "first")
    with DatasetWriter(tmp_path / "set", make_layout(pictures), resume=True) as writer:
        assert (writer.episodes, writer.total_frames) == (1, 2)
        record(writer, range(2, 5), "second")
    dataset = read(tmp_path / "set")
    assert (dataset.num_episodes, len(dataset)) == (2, 5)
    assert [dataset[index]["task"] for index in (0, 4)] == ["first", "second"]
    assert dataset.meta.stats["observation.state"]["count"][0] == 5


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="--resume"):
        DatasetWriter(tmp_path, make_layout())
    with pytest.raises(DatasetError, match="no readable dataset"):
        DatasetWriter(tmp_path, make_layout(), resume=True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"fps": 20}, "10 fps, not 20"),
        ({"joint_names": ("a", "c", "b")}, "names"),
        ({"image_shape": (48, 32)}, "shape"),
        ({"pictures": "video"}, "dtype"),
        ({"camera_features": {"main": "observation.images.main"}}, "observation.images.hand"),
        ({"camera_features": {**CAMERAS, "x": "observation.images.x"}}, "observation.images.x"),
    ],
)
def test_resuming_another_kind_of_dataset_is_refused(
    tmp_path: Path, changes: dict[str, object], named: str
) -> None:
    with DatasetWriter(tmp_path / "set", make_layout("png")) as writer:
        record(writer, range(1))
    with pytest.raises(DatasetError, match=named):
        DatasetWriter(tmp_path / "set", make_layout(**{"pictures": "png", **changes}), resume=True)


def test_two_recordings_into_one_folder_are_refused(tmp_path: Path) -> None:
    with (
        DatasetWriter(tmp_path / "set", make_layout()),
        pytest.raises(ConfigurationError, match="another recording"),
    ):
        DatasetWriter(tmp_path / "set", make_layout())
    DatasetWriter(tmp_path / "set", make_layout()).close()


def test_an_episode_without_frames_is_refused(tmp_path: Path) -> None:
    with (
        DatasetWriter(tmp_path / "set", make_layout()) as writer,
        pytest.raises(DatasetError, match="at least one frame"),
    ):
        writer.save_episode()


def test_an_episode_whose_video_lacks_a_picture_is_refused_and_the_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with DatasetWriter(tmp_path / "set", make_layout("video")) as writer:
        record(writer, range(3))
        writer.add(*moment(3))
        with monkeypatch.context() as patched:
            # A full queue: LeRobot drops the picture and goes on.
            patched.setattr(
                "lerobot.datasets.video_utils.StreamingVideoEncoder.feed_frame",
                lambda *_: None,
            )
            writer.add(*moment(4))
        with pytest.raises(DatasetError, match="does not keep up"):
            writer.save_episode()
        record(writer, range(5, 7))
    assert read(tmp_path / "set").num_episodes == 2
    assert len(read(tmp_path / "set")) == 5


def test_whatever_instant_a_recorder_is_killed_at_what_was_saved_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of the folder is what a kill would leave: what is not written to it is lost."""
    folder, instants = tmp_path / "set", []
    real = Path.replace

    def killed_now() -> None:
        instants.append(tmp_path / f"killed{len(instants)}")
        shutil.copytree(folder, instants[-1])

    def replace(source: Path, target: Path) -> Path:
        killed_now()
        return real(source, target)

    with DatasetWriter(folder, make_layout("video"), resume=True) as writer:
        record(writer, range(2))
        writer.add(*moment(2))
        killed_now()
        monkeypatch.setattr(Path, "replace", replace)
        writer.save_episode()
        monkeypatch.undo()
    # Two videos, data, the episode's file, tasks, statistics, info.
    assert len(instants) == 1 + 7
    # While a frame is recorded, with videos but no data, and with all but what counts episodes.
    for left in (instants[0], instants[3], instants[-1]):
        dataset = read(left)
        assert (dataset.num_episodes, len(dataset)) == (1, 2)
        assert dataset[1]["observation.state"].tolist() == state_of(1)
    with DatasetWriter(instants[-1], make_layout("video"), resume=True) as writer:
        record(writer, range(7, 9))
    dataset = read(instants[-1])
    assert (dataset.num_episodes, len(dataset)) == (2, 4)
    assert dataset[3]["observation.state"].tolist() == state_of(8)
