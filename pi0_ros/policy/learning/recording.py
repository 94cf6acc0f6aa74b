"""A LeRobotDataset on this disk as far as Pi0 learns from it: everything but the pictures."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from lerobot.datasets import LeRobotDataset
from lerobot.utils.constants import ACTION, OBS_STATE
from numpy.typing import NDArray

from pi0_ros.core.errors import ConfigurationError

_PICTURES = "observation.images."
# Below this, in rad, a joint did not move and cannot be scaled by how much it moves.
_SMALLEST_SPREAD = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Episodes of one dataset.

    Attributes:
        dataset: LeRobot's own, holding these episodes only.
        name: of the dataset's folder.
        cameras: features of the pictures, in the dataset's order.
        picture_size: height and width of all pictures, pixels.
        joint_names: of state and action; empty where the dataset does not say.
        states: float32, shape (frames, joints), rad.
        actions: float32, shape (frames, joints), rad.
        tasks: the instruction of each frame.
        episodes: the number of each frame's episode in the dataset, shape (frames,).
        times: of each frame since the beginning of its episode, seconds, shape (frames,).
        ends: for each frame, the row behind the last one of its episode, shape (frames,).
        fps: frames per second.
    """

    dataset: LeRobotDataset
    name: str
    cameras: tuple[str, ...]
    picture_size: tuple[int, int]
    joint_names: tuple[str, ...]
    states: NDArray[np.float32]
    actions: NDArray[np.float32]
    tasks: tuple[str, ...]
    episodes: NDArray[np.int64]
    times: NDArray[np.float32]
    ends: NDArray[np.int64]
    fps: int

    def __len__(self) -> int:
        return len(self.tasks)

    @property
    def episode_lengths(self) -> tuple[int, ...]:
        """Frames of each episode."""
        ends = np.unique(self.ends)
        return tuple(np.diff(ends, prepend=0).tolist())

    @property
    def fingerprint(self) -> str:
        """Hex digest of what was recorded, pictures aside."""
        digest = hashlib.sha256()
        for values in (self.states, self.actions, self.ends):
            digest.update(np.ascontiguousarray(values).tobytes())
        digest.update(json.dumps([self.cameras, self.picture_size, self.tasks]).encode())
        return digest.hexdigest()

    def chunks(self, horizon: int) -> NDArray[np.float32]:
        """For each frame its action and those that follow, shape (frames, horizon, joints), rad.

        Behind the end of an episode its last action repeats, as with LeRobotDataset's
        `delta_timestamps`: the arm stays where the episode left it. Pi0's loss counts these rows
        as any other; it does not look at `action_is_pad`.
        """
        rows = np.arange(len(self))[:, None] + np.arange(horizon)
        return self.actions[np.minimum(rows, self.ends[:, None] - 1)]

    def learnt_rows(
        self, horizon: int, still_share: float, still_rad: float, seed: int
    ) -> NDArray[np.int64]:
        """The frames to learn from, in order: all that move, and a share of those that do not.

        Args:
            horizon: rows of a chunk.
            still_share: of the frames that stay; which ones is drawn with `seed`.
            still_rad: a frame stays where no joint is farther away at the end of its chunk.
        """
        away = np.abs(self.chunks(horizon)[:, -1] - self.states).max(axis=1)
        lucky = np.random.default_rng(seed).random(len(self)) < still_share
        return np.flatnonzero((away > still_rad) | lucky)


def episode_count(folder: Path) -> int:
    """How many episodes the dataset has.

    Raises:
        ConfigurationError: no dataset there, an empty or a damaged one.
    """
    return _declared(folder)[1]


def open_recording(folder: Path, episodes: range | None = None) -> Recording:
    """Reads everything but the pictures.

    Args:
        folder: of a LeRobotDataset of version 3.
        episodes: which; None: all.

    Raises:
        ConfigurationError: no dataset there, or one that Pi0 cannot learn from here; the message
            says what is expected.
    """
    features, total = _declared(folder)
    cameras, size = _cameras(folder, features)
    if episodes is not None and not (0 <= episodes.start < episodes.stop <= total):
        raise ConfigurationError(
            f"{folder}: has {total} episodes, of which {episodes.start} to {episodes.stop - 1} "
            "were asked for"
        )
    joints = _joints(folder, features)
    dataset = LeRobotDataset(
        f"local/{folder.name}", root=folder, episodes=None if episodes is None else list(episodes)
    )
    rows = dataset.hf_dataset.with_format("numpy").select_columns(
        [OBS_STATE, ACTION, "task_index", "episode_index", "timestamp"]
    )[:]
    states = np.asarray(rows[OBS_STATE], dtype=np.float32)
    actions = np.asarray(rows[ACTION], dtype=np.float32)
    for key, values in ((OBS_STATE, states), (ACTION, actions)):
        _check_values(folder, key, values, joints)
    episode = np.asarray(rows["episode_index"])
    return Recording(
        dataset=dataset,
        name=folder.resolve().name,
        cameras=cameras,
        picture_size=size,
        joint_names=joints,
        states=states,
        actions=actions,
        tasks=_tasks(folder, dataset, np.asarray(rows["task_index"])),
        episodes=episode,
        times=np.asarray(rows["timestamp"], dtype=np.float32),
        ends=np.searchsorted(episode, episode, side="right"),
        fps=dataset.meta.fps,
    )


def _declared(folder: Path) -> tuple[Mapping[str, Mapping[str, Any]], int]:
    path = folder / "meta" / "info.json"
    if not path.is_file():
        # LeRobot would make the folder and ask a hub for what belongs there.
        raise ConfigurationError(
            f"dataset {folder}: no LeRobotDataset there (it has no meta/info.json); record one, or "
            "give the folder that holds meta/ and data/"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version, features = str(content["codebase_version"]), dict(content["features"])
        total, frames = int(content["total_episodes"]), int(content["total_frames"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path}: damaged ({error!r})") from error
    if not version.startswith("v3."):
        raise ConfigurationError(
            f"{path}: expected a LeRobotDataset of version v3.x, got {version}; convert it with "
            "LeRobot's own script first"
        )
    if total < 1 or frames < 1:
        raise ConfigurationError(f"{folder}: the dataset is empty: it has no finished episode")
    return features, total


def _cameras(
    folder: Path, features: Mapping[str, Mapping[str, Any]]
) -> tuple[tuple[str, ...], tuple[int, int]]:
    cameras = tuple(
        name for name, feature in features.items() if feature["dtype"] in ("image", "video")
    )
    if not cameras or not all(name.startswith(_PICTURES) for name in cameras):
        raise ConfigurationError(
            f"{folder}: expected pictures named {_PICTURES}<camera>, got "
            f"{', '.join(cameras) or 'none'} (features: {', '.join(features)})"
        )
    shapes = {tuple(features[name]["shape"]) for name in cameras}
    height, width, channels = next(iter(shapes)) if len(shapes) == 1 else (0, 0, 0)
    if channels != 3:
        raise ConfigurationError(
            f"{folder}: expected RGB pictures of one size, shape [height, width, 3], got "
            f"{sorted(shapes)}"
        )
    return cameras, (height, width)


def _joints(folder: Path, features: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    for key in (OBS_STATE, ACTION):
        if key not in features:
            raise ConfigurationError(
                f"{folder}: has no {key}, which Pi0 learns from (features: {', '.join(features)})"
            )
    shapes = [tuple(features[key]["shape"]) for key in (OBS_STATE, ACTION)]
    names = [features[key].get("names") for key in (OBS_STATE, ACTION)]
    if shapes[0] != shapes[1] or len(shapes[0]) != 1 or (all(names) and names[0] != names[1]):
        raise ConfigurationError(
            f"{folder}: state and action must be positions of the same joints, got {OBS_STATE} "
            f"{list(shapes[0])} {names[0]} and {ACTION} {list(shapes[1])} {names[1]}"
        )
    return tuple(str(name) for name in names[0]) if isinstance(names[0], list) else ()


def _check_values(
    folder: Path, key: str, values: NDArray[np.float32], joints: tuple[str, ...]
) -> None:
    wrong = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if len(wrong):
        raise ConfigurationError(
            f"{folder}: {key} has values that are not finite, first in frame {wrong[0]}"
        )
    still = np.flatnonzero(~(values.std(axis=0) >= _SMALLEST_SPREAD))
    if len(still):
        named = ", ".join(joints[i] if joints else str(i) for i in still)
        raise ConfigurationError(
            f"{folder}: {key} never changes at joint {named}, and cannot be scaled by its spread; "
            "record episodes in which every joint moves a little"
        )


def _tasks(folder: Path, dataset: LeRobotDataset, index: NDArray[np.int64]) -> tuple[str, ...]:
    names = [str(name) for name in dataset.meta.tasks.index]
    tasks = tuple(names[i] for i in index)
    if not all(task.strip() for task in tasks):
        raise ConfigurationError(f"{folder}: a frame has an empty task; each needs an instruction")
    return tasks
