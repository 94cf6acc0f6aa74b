"""A recording's pictures, shrunk once to the model's size and kept in memory.

Decoding three pictures of 640x480 takes longer than a training step of a small model; shrinking
them first, by the very operation of inference, makes every later step free of it.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import torch
from lerobot.datasets.video_utils import decode_video_frames
from numpy.typing import NDArray

from pi0_ros.policy.learning.recording import Recording
from pi0_ros.policy.training_samples import shrunk

# Frames decoded at a time: 64 pictures of 640x480 take 59 MB.
_BLOCK = 64


def shrunk_pictures(
    recording: Recording, rows: Sequence[int], side: int, progress: Callable[[int, int], None]
) -> Mapping[str, torch.Tensor]:
    """All pictures as the model sees them at inference.

    Half precision, 0 to 1, is within 1/8 of a step of the 8 bits the pictures came in, and halves
    the memory: 20 000 frames of three cameras take 2.5 GB at 84 pixels.

    Args:
        rows: of which frames.
        side: pixels of the model's square pictures.
        progress: called with frames done and frames in all.

    Returns:
        Feature -> float16, shape (rows, 3, side, side).
    """
    count = len(rows)
    kept = {
        camera: torch.empty((count, 3, side, side), dtype=torch.float16)
        for camera in recording.cameras
    }
    for number, frame in enumerate(frames(recording, rows)):
        for camera, picture in frame.items():
            kept[camera][number] = shrunk(picture, side)
        progress(number + 1, count)
    return kept


def frames(
    recording: Recording, rows: Sequence[int] | None = None
) -> Iterator[dict[str, NDArray[np.uint8]]]:
    """The pictures of each frame, by feature: uint8 RGB, shape (height, width, 3).

    Args:
        rows: which; None: all.
    """
    wanted = range(len(recording)) if rows is None else rows
    videos = recording.dataset.meta.video_keys
    # Untransformed: LeRobot's own rows are float tensors, at twice the time.
    images = recording.dataset.hf_dataset.with_format(None)
    stills = [camera for camera in recording.cameras if camera not in videos]
    for block in _blocks(recording, wanted):
        decoded = {camera: _decoded(recording, camera, block) for camera in videos}
        for number, row in enumerate(block):
            source = images[row] if stills else {}
            pictures = {camera: np.asarray(source[camera].convert("RGB")) for camera in stills}
            pictures |= {camera: clip[number] for camera, clip in decoded.items()}
            yield {camera: pictures[camera] for camera in recording.cameras}


def _blocks(recording: Recording, rows: Sequence[int]) -> Iterator[list[int]]:
    """Rows of one episode at a time, and not too many: videos are decoded in one go."""
    for _, same in itertools.groupby(rows, key=lambda row: int(recording.episodes[row])):
        while block := list(itertools.islice(same, _BLOCK)):
            yield block


def _decoded(recording: Recording, camera: str, block: list[int]) -> NDArray[np.uint8]:
    """Shape (rows, height, width, 3)."""
    dataset, number = recording.dataset, int(recording.episodes[block[0]])
    first_s = dataset.meta.episodes[number][f"videos/{camera}/from_timestamp"]
    clip = decode_video_frames(
        dataset.root / dataset.meta.get_video_file_path(number, camera),
        [first_s + float(recording.times[row]) for row in block],
        dataset.tolerance_s,
        return_uint8=True,
    )
    values: NDArray[np.uint8] = clip.permute(0, 2, 3, 1).numpy()
    return values
