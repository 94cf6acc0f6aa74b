"""Examples to learn from, in the form in which the model takes them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from lerobot.policies.common.vla_utils import resize_with_pad_torch
from lerobot.utils.constants import ACTION, OBS_STATE
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.policy.policy_config import default_feature


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSample:
    """One moment and what to do next.

    Attributes:
        images: camera name -> uint8 RGB, shape (height, width, 3).
        positions: joint positions, shape (joints,), rad.
        instruction: what the arm is to do.
        actions: joint positions from now on, row 0 now, shape (horizon, joints), rad.
    """

    images: Mapping[str, NDArray[np.uint8]]
    positions: FloatArray
    instruction: str
    actions: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSet:
    """Samples stacked, pictures at the model's size.

    Attributes:
        pictures: feature -> float32 0 to 1, shape (samples, 3, side, side).
        states: float32, shape (samples, joints), rad.
        actions: float32, shape (samples, horizon, joints), rad.
        instructions: one per sample.
        picture_size: height and width of the pictures as they came.
    """

    pictures: Mapping[str, torch.Tensor]
    states: torch.Tensor
    actions: torch.Tensor
    instructions: tuple[str, ...]
    picture_size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.instructions)

    def raw_batch(self) -> dict[str, object]:
        """All samples as LeRobot's preprocessor takes a batch."""
        return {
            **self.pictures,
            OBS_STATE: self.states,
            ACTION: self.actions,
            "task": list(self.instructions),
        }

    def statistics(self) -> dict[str, dict[str, torch.Tensor]]:
        """Mean and deviation of states, and of all rows of the actions relative to the state."""
        return statistics_of(self.states, self.actions, relative=True)


def statistics_of(
    states: torch.Tensor, actions: torch.Tensor, relative: bool
) -> dict[str, dict[str, torch.Tensor]]:
    """Mean and deviation of states and of all rows of the actions, as LeRobot scales by them.

    Args:
        states: shape (samples, joints), rad.
        actions: shape (samples, horizon, joints), rad.
        relative: whether the model sees actions as offsets from the state.
    """
    seen = actions - states[:, None] if relative else actions
    rows = {OBS_STATE: states, ACTION: seen.flatten(0, 1)}
    return {key: {"mean": values.mean(0), "std": values.std(0)} for key, values in rows.items()}


def shrunk(picture: NDArray[np.uint8], side: int) -> torch.Tensor:
    """A picture as the model sees it at inference: float32 0 to 1, shape (3, side, side).

    The very operations of LeRobot's inference path, so that shrinking once, before training,
    changes nothing: a picture of the model's size is not resized again.
    """
    rows = torch.from_numpy(np.array(picture)).type(torch.float32) / 255
    return resize_with_pad_torch(rows[None], side, side)[0].permute(2, 0, 1).contiguous()


def stack(samples: Iterable[TrainingSample], side: int) -> TrainingSet:
    """Shrinks every picture to `side` pixels as it comes, so that large ones are never kept.

    Raises:
        ConfigurationError: there is no sample, or they differ in cameras or shapes.
    """
    pictures: dict[str, _Rows] = {}
    states, actions = _Rows(), _Rows()
    instructions: list[str] = []
    sizes: set[tuple[int, int]] = set()
    for sample in samples:
        for camera, picture in sample.images.items():
            rows = pictures.setdefault(default_feature(camera), _Rows())
            rows.append(shrunk(picture, side).numpy())
            sizes.add((picture.shape[0], picture.shape[1]))
        states.append(sample.positions)
        actions.append(sample.actions)
        instructions.append(sample.instruction)
    if len(sizes) != 1 or any(len(rows) != len(states) for rows in pictures.values()):
        raise ConfigurationError(
            f"training needs samples that all have the same cameras and picture size, got "
            f"{len(states)} samples with sizes {sorted(sizes)}"
        )
    return TrainingSet(
        pictures={feature: rows.tensor() for feature, rows in pictures.items()},
        states=states.tensor(),
        actions=actions.tensor(),
        instructions=tuple(instructions),
        picture_size=sizes.pop(),
    )


class _Rows:
    """A float32 array that grows at one end.

    Small arrays kept between large ones that come and go would leave holes in memory that nothing
    fits into: gigabytes after a thousand pictures.
    """

    def __init__(self) -> None:
        self._count = 0
        self._values: NDArray[np.float32] = np.empty(0, dtype=np.float32)

    def __len__(self) -> int:
        return self._count

    def append(self, row: NDArray[np.float32] | FloatArray) -> None:
        if self._count == len(self._values):
            grown = np.empty((max(64, 2 * self._count), *row.shape), dtype=np.float32)
            grown[: self._count] = self._values[: self._count].reshape(-1, *row.shape)
            self._values = grown
        if row.shape != self._values.shape[1:]:
            raise ConfigurationError(
                f"training needs samples of one shape, got {row.shape} after "
                f"{self._values.shape[1:]}"
            )
        self._values[self._count] = row
        self._count += 1

    def tensor(self) -> torch.Tensor:
        return torch.from_numpy(self._values[: self._count].copy())
