"""A recording's pictures, shrunk once to the model's size and kept in memory.

Decoding three pictures of 640x480 takes longer than a training step of a small model; shrinking
them first, by the very operation of inference, makes every later step free of it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pi0_ros.policy.learning.recording import Recording
from pi0_ros.policy.training_samples import shrunk


def shrunk_pictures(
    recording: Recording, side: int, progress: Callable[[int, int], None]
) -> Mapping[str, torch.Tensor]:
    """All pictures as the model sees them at inference.

    Half precision, 0 to 1, is within 1/8 of a step of the 8 bits the pictures came in, and halves
    the memory: 20 000 frames of three cameras take 2.5 GB at 84 pixels.

    Args:
        side: pixels of the model's square pictures.
        progress: called with frames done and frames in all.

    Returns:
        Feature -> float16, shape (frames, 3, side, side).
    """
    count = len(recording)
    kept = {
        camera: torch.empty((count, 3, side, side), dtype=torch.float16)
        for camera in recording.cameras
    }
    for number, frame in enumerate(frames(recording)):
        for camera, picture in frame.items():
            kept[camera][number] = shrunk(picture, side)
        progress(number + 1, count)
    return kept


def frames(
    recording: Recording, rows: Sequence[int] | None = None
) -> Iterator[dict[str, NDArray[np.uint8]]]:
    """The pictures of each frame, by feature: uint8 RGB, shape (height, width, 3)."""
    dataset = recording.dataset
    from_video = set(dataset.meta.video_keys)
    # Untransformed: LeRobot's own rows are float tensors, at twice the time.
    images = dataset.hf_dataset.with_format(None)
    for row in rows if rows is not None else range(len(recording)):
        source = dataset[row] if from_video else images[row]
        yield {camera: _as_uint8(source[camera]) for camera in recording.cameras}


def _as_uint8(picture: Any) -> NDArray[np.uint8]:
    if isinstance(picture, torch.Tensor):
        return (picture.permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
    return np.asarray(picture.convert("RGB"))
