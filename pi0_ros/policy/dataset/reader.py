"""A LeRobotDataset as training samples."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets.exceptions import DatasetsError
from lerobot.datasets import LeRobotDataset
from lerobot.utils.constants import ACTION, OBS_STATE
from numpy.typing import NDArray

from pi0_ros.core.errors import ConfigurationError, DatasetError
from pi0_ros.policy.dataset.encoding import VIDEO_READER
from pi0_ros.policy.dataset.quiet_datasets import quiet_datasets
from pi0_ros.policy.dataset.staging import read_info
from pi0_ros.policy.policy_config import default_feature
from pi0_ros.policy.training_samples import TrainingSample

_PREFIX = default_feature("")


def recorded_samples(
    folder: Path, horizon: int, camera_features: Mapping[str, str] | None = None
) -> Iterator[TrainingSample]:
    """Every frame of every episode, with what was commanded from then on.

    Row i of a sample's actions is the command i frames later. Past the end of an episode the last
    command is repeated: the arm stays where it was left.

    Args:
        folder: of the dataset.
        horizon: rows of a chunk.
        camera_features: camera -> feature; None: each is named by the end of its feature.

    Raises:
        ConfigurationError: `horizon` is below 1.
        DatasetError: the dataset is missing, damaged or without a feature that is needed.
    """
    if horizon < 1:
        raise ConfigurationError(f"horizon: expected at least 1, got {horizon}")
    with _damage(folder):
        dataset = _opened(folder, horizon)
        cameras = camera_features or _cameras(dataset.meta.camera_keys)
    for index in range(len(dataset)):
        with _damage(folder):
            sample = _sample(dataset[index], cameras)
        yield sample


def _opened(folder: Path, horizon: int) -> LeRobotDataset:
    fps = read_info(folder)["fps"]
    # What is copied stays mapped when its folder is gone.
    with quiet_datasets():
        return LeRobotDataset(
            f"local/{folder.resolve().name}",
            root=folder,
            delta_timestamps={ACTION: [row / fps for row in range(horizon)]},
            video_backend=VIDEO_READER,
        )


@contextmanager
def _damage(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, RuntimeError, LookupError, DatasetsError) as error:
        raise DatasetError(f"{folder}: cannot be read: {type(error).__name__}: {error}") from error


def _cameras(features: list[str]) -> dict[str, str]:
    return {feature.removeprefix(_PREFIX): feature for feature in features}


def _sample(item: Mapping[str, Any], cameras: Mapping[str, str]) -> TrainingSample:
    return TrainingSample(
        images={camera: _picture(item[feature]) for camera, feature in cameras.items()},
        positions=item[OBS_STATE].double().numpy(),
        instruction=item["task"],
        actions=item[ACTION].double().numpy(),
    )


def _picture(values: torch.Tensor) -> NDArray[np.uint8]:
    """From 0 to 1 in planes, as LeRobot gives them, to the bytes that they were."""
    rows: NDArray[np.uint8] = (values.permute(1, 2, 0) * 255).round().byte().contiguous().numpy()
    return rows
