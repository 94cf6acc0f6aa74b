"""Kept pictures are those of the dataset as it is now, or are read again."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from pi0_ros.policy.learning.kept_pictures import kept_or_shrunk
from pi0_ros.policy.learning.pictures import shrunk_pictures
from pi0_ros.policy.learning.recording import open_recording


@pytest.fixture
def copy(dataset: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    shutil.copytree(dataset, folder)
    return folder


def read(
    dataset: Path, keep: Path, side: int = 14, rows: Sequence[int] = range(33)
) -> tuple[bool, dict[str, torch.Tensor]]:
    """Whether the dataset's pictures were decoded, and the pictures."""
    decoded: list[int] = []
    pictures = kept_or_shrunk(
        open_recording(dataset), rows, side, lambda number, _: decoded.append(number), keep
    )
    return bool(decoded), dict(pictures)


def test_the_second_time_they_come_from_the_folder(copy: Path, tmp_path: Path) -> None:
    expected = shrunk_pictures(open_recording(copy), range(33), 14, lambda *_: None)
    for decoded in (True, False):
        came, pictures = read(copy, tmp_path / "kept")
        assert came is decoded
        assert all(torch.equal(pictures[key], expected[key]) for key in expected)


def test_another_size_and_changed_files_are_read_again(copy: Path, tmp_path: Path) -> None:
    assert read(copy, tmp_path / "kept")[0]
    assert read(copy, tmp_path / "kept", side=28)[0]
    assert read(copy, tmp_path / "kept", rows=range(1, 20))[0]
    (file,) = copy.glob("data/**/*.parquet")
    os.utime(file, ns=(1, 1))
    assert read(copy, tmp_path / "kept")[0]


def test_an_interruption_keeps_nothing(copy: Path, tmp_path: Path) -> None:
    def interrupt(number: int, _count: int) -> None:
        if number == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept_or_shrunk(open_recording(copy), range(33), 14, interrupt, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
