"""Shrunk pictures on disk, so that the next training on the same dataset need not read it again."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from pi0_ros.policy.learning.pictures import shrunk_pictures
from pi0_ros.policy.learning.recording import Recording

_KEY_DIGITS = 16
# What holds pictures in a LeRobotDataset.
_PICTURE_FILES = ("data/**/*.parquet", "videos/**/*.mp4")


def kept_or_shrunk(
    recording: Recording,
    rows: Sequence[int],
    side: int,
    progress: Callable[[int, int], None],
    keep: Path,
) -> Mapping[str, torch.Tensor]:
    """As `shrunk_pictures`, from the folder `keep` where they are there; otherwise kept there.

    They are taken for the same while nothing of the recording changed but its place: the frames
    asked for, and names, sizes and times of the files with the pictures.
    """
    folder = keep / f"{_key(recording, rows)}-{side}px"
    files = {camera: folder / f"{camera}.npy" for camera in recording.cameras}
    if not folder.is_dir():
        pictures = shrunk_pictures(recording, rows, side, progress)
        new = folder.with_name(f".{folder.name}.{os.getpid()}")
        try:
            new.mkdir(parents=True)
            for camera, values in pictures.items():
                np.save(new / files[camera].name, values.numpy())
            new.rename(folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    # Mapped: pages that no batch touches take no memory, and others can be given back.
    return {
        camera: torch.from_numpy(np.load(file, mmap_mode="c")) for camera, file in files.items()
    }


def _key(recording: Recording, rows: Sequence[int]) -> str:
    root = Path(recording.dataset.root)
    files = [
        (path.relative_to(root).as_posix(), path.stat().st_size, path.stat().st_mtime_ns)
        for pattern in _PICTURE_FILES
        for path in sorted(root.glob(pattern))
    ]
    text = json.dumps([recording.fingerprint, list(rows), files])
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_DIGITS]
