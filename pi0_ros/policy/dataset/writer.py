"""Writes demonstrations into a LeRobotDataset, one whole episode after the other."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import pyarrow.parquet as pq
from lerobot.datasets import LeRobotDataset

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import ConfigurationError, DatasetError
from pi0_ros.core.observation import Observation
from pi0_ros.policy.dataset.encoding import writer_options
from pi0_ros.policy.dataset.layout import DatasetLayout
from pi0_ros.policy.dataset.quiet_datasets import quiet_datasets
from pi0_ros.policy.dataset.staging import INFO, STAGING, clear, publish, read_info, stage

# What LeRobot and what it writes with raise where files cannot be written.
_FAILURES = (OSError, ValueError, RuntimeError, TypeError, LookupError, av.FFmpegError)


class DatasetWriter:
    """One recording; not safe to call from several threads at once.

    Whatever ends the process, the episodes saved until then can be read.

    Args:
        folder: of the dataset; made where it does not exist.
        resume: go on with the dataset that is there.

    Raises:
        ConfigurationError: the folder is not empty and `resume` is false, or another recording is
            being written into it.
        DatasetError: what is there is not a dataset of this layout.
    """

    def __init__(self, folder: Path, layout: DatasetLayout, *, resume: bool = False) -> None:
        # Encoders otherwise write a page to standard error for every video.
        av.logging.set_libav_level(av.logging.ERROR)
        self._folder = Path(folder)
        self._layout = layout
        self._dataset: LeRobotDataset | None = None
        self._frames = 0
        self._lock = _locked(self._folder)
        try:
            self._episodes, self._total_frames = self._opened(resume)
        except BaseException:
            os.close(self._lock)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def folder(self) -> Path:
        return self._folder

    @property
    def episodes(self) -> int:
        """Saved, those that were there before included."""
        return self._episodes

    @property
    def total_frames(self) -> int:
        """In the saved episodes."""
        return self._total_frames

    @property
    def frames(self) -> int:
        """In the episode that is being recorded."""
        return self._frames

    def add(self, observation: Observation, command: FloatArray) -> None:
        """Takes the next frame; the episode begins with its first.

        Args:
            command: joint positions commanded at the capture time, shape (joints,), rad or m.

        Raises:
            DatasetError: it is no frame of this layout, or cannot be written.
        """
        frame = self._layout.frame(observation, command)
        if self._dataset is None:
            self._dataset = self._staged()
        with self._failures():
            self._dataset.add_frame(frame)
        self._frames += 1

    def save_episode(self) -> int:
        """The recorded frames become an episode of the dataset; its index.

        Raises:
            DatasetError: there is no frame, or the files are not whole: the episode is lost, the
                ones before are not.
        """
        if self._dataset is None or self._frames == 0:
            raise DatasetError(f"{self._folder}: an episode needs at least one frame, got none")
        dataset, frames = self._dataset, self._frames
        try:
            with self._failures(), quiet_datasets(self._folder / STAGING / "cache"):
                dataset.save_episode()
                dataset.finalize()
            self._check_whole(Path(dataset.root), frames)
            publish(self._folder)
        except BaseException:
            self.discard_episode()
            raise
        self._dataset, self._frames = None, 0
        self._episodes += 1
        self._total_frames += frames
        return self._episodes - 1

    def discard_episode(self) -> int:
        """Forgets the frames of the episode that is being recorded; how many they were."""
        dataset, frames = self._dataset, self._frames
        self._dataset, self._frames = None, 0
        if dataset is not None:
            with self._failures(), quiet_datasets(self._folder / STAGING / "cache"):
                if dataset.writer is not None:
                    dataset.writer.cancel_pending_videos()
                    dataset.writer.stop_image_writer()
        clear(self._folder)
        return frames

    def close(self) -> None:
        """Discards the episode that is being recorded; what was saved stays."""
        if self._lock >= 0:
            try:
                self.discard_episode()
            finally:
                os.close(self._lock)
                self._lock = -1

    def _opened(self, resume: bool) -> tuple[int, int]:
        """Episodes and frames that are there."""
        others = [path for path in self._folder.iterdir() if path.name != STAGING]
        if not others:
            clear(self._folder)
            return 0, 0
        if not resume:
            raise ConfigurationError(
                f"{self._folder}: is not empty; name another folder, or add --resume to go on "
                "with the dataset in it"
            )
        info = read_info(self._folder)
        try:
            fps, features = info["fps"], info["features"]
            counts = int(info["total_episodes"]), int(info["total_frames"])
        except (KeyError, TypeError, ValueError) as error:
            raise DatasetError(f"{self._folder / INFO}: damaged ({error!r})") from error
        self._layout.check_same(fps, features, str(self._folder))
        return counts

    def _staged(self) -> LeRobotDataset:
        """The dataset, ready for one more episode, in a folder of its own."""
        with self._failures():
            root = stage(self._folder)
            options = writer_options(self._layout.pictures)
            name = f"local/{self._folder.resolve().name}"
            if self._episodes:
                with quiet_datasets(self._folder / STAGING / "cache"):
                    return LeRobotDataset.resume(name, root=root, **options)
            return LeRobotDataset.create(
                name,
                fps=self._layout.fps,
                features=self._layout.features(),
                root=root,
                robot_type=self._layout.robot,
                use_videos=self._layout.pictures == "video",
                **options,
            )

    def _check_whole(self, root: Path, frames: int) -> None:
        """A picture too few would show every later frame of the episode another moment."""
        found: dict[str, int] = {}
        for path in root.glob("data/*/*.parquet"):
            found[path.name] = pq.read_metadata(path).num_rows
        for path in root.glob("videos/*/*/*.mp4"):
            with av.open(str(path)) as video:
                found[path.parent.parent.name] = video.streams.video[0].frames
        lacking = {name: count for name, count in found.items() if count != frames}
        if lacking or not found:
            raise DatasetError(
                f"{self._folder}: the episode has {frames} frames, but there were written "
                f"{lacking or 'none'}: the machine does not keep up; lower fps or set pictures"
            )

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except _FAILURES as error:
            raise DatasetError(
                f"{self._folder}: cannot be written: {type(error).__name__}: {error}"
            ) from error


def _locked(folder: Path) -> int:
    """An open descriptor of the folder; while it is open, no other recording gets one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise ConfigurationError(f"{folder}: no folder to record into: {error}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise ConfigurationError(
            f"{folder}: another recording is being written into it: end that one, or name "
            "another folder"
        ) from error
    return descriptor
