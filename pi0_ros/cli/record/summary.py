"""What a recording left."""

from pathlib import Path
from typing import Protocol


class Written(Protocol):
    """The slice of DatasetWriter that a summary needs."""

    @property
    def folder(self) -> Path: ...

    @property
    def episodes(self) -> int: ...

    @property
    def total_frames(self) -> int: ...


def summary(written: Written) -> str:
    """Episodes, frames and size of what is in the folder now, in one line."""
    files = [path for path in written.folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 1e6
    return (
        f"{written.folder}: {written.episodes} episodes, {written.total_frames} frames, "
        f"{size:.1f} MB"
    )
