"""An episode is written apart and moved into its dataset when it is whole.

LeRobot keeps its files open from episode to episode, and a Parquet file that was not closed cannot
be read at all: a recorder that is killed would take every finished episode with it. Here each
episode is a dataset being resumed for one episode, in a folder inside the dataset's own. Finished,
its files are renamed into place, the pictures first and `meta/info.json`, which says how many
episodes there are, last. So what a reader finds at any instant is a whole dataset. What a kill
between two renames leaves beyond the last episode counted is never read, and the next episode
takes its place.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pi0_ros.core.errors import DatasetError

STAGING = ".recording"
INFO = Path("meta/info.json")
_STATISTICS = Path("meta/stats.json")
_TASKS = Path("meta/tasks.parquet")
_EPISODES = Path("meta/episodes")


def read_info(folder: Path) -> dict[str, Any]:
    """`meta/info.json` of the dataset in `folder`.

    Raises:
        DatasetError: it is missing or damaged.
    """
    try:
        info: dict[str, Any] = json.loads((folder / INFO).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{folder / INFO}: no readable dataset there: {error}") from error
    return info


def stage(folder: Path) -> Path:
    """A folder in which the next episode can be recorded as if it were the dataset's.

    Of the episodes that are there, it holds what is needed to go on: counts, tasks, statistics and
    where the last one lies. It does not exist where there is no dataset yet.
    """
    staged = folder / STAGING / "dataset"
    clear(folder)
    if not (folder / INFO).exists():
        staged.parent.mkdir(parents=True)
        return staged
    last = _last_episode_file(folder)
    (staged / last).parent.mkdir(parents=True)
    for path in (INFO, _STATISTICS, _TASKS):
        shutil.copyfile(folder / path, staged / path)
    # Its statistics, some hundred columns, are not needed, and reading them takes half a second.
    rows = pq.read_table(folder / last)
    needed = [name for name in rows.column_names if not name.startswith("stats/")]
    pq.write_table(rows.select(needed), staged / last)
    return staged


def publish(folder: Path) -> None:
    """Moves the staged episode's files into the dataset; each rename replaces at once."""
    staged = folder / STAGING / "dataset"
    if (folder / INFO).exists():
        (staged / _last_episode_file(folder)).unlink()
    new = [
        path.relative_to(staged)
        for path in sorted(staged.rglob("*"))
        if path.is_file() and path.suffix in (".mp4", ".parquet")
    ]
    order = {"videos": 0, "data": 1, "meta": 2}
    for path in sorted(new, key=lambda path: order[path.parts[0]]):
        _move(staged / path, folder / path)
    _move(staged / _STATISTICS, folder / _STATISTICS)
    _move(staged / INFO, folder / INFO)
    clear(folder)


def clear(folder: Path) -> None:
    """Forgets what is staged."""
    if (folder / STAGING).exists():
        shutil.rmtree(folder / STAGING)


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)


def _last_episode_file(folder: Path) -> Path:
    """Which file under meta/episodes tells of the last episode that counts."""
    episode = int(read_info(folder)["total_episodes"]) - 1
    for path in sorted((folder / _EPISODES).glob("*/*.parquet"), reverse=True):
        rows = pq.read_table(path, columns=["episode_index"])["episode_index"].to_pylist()
        # The last row is what LeRobot goes on from.
        if rows and rows[-1] == episode:
            return path.relative_to(folder)
    raise DatasetError(
        f"{folder / _EPISODES}: no file ends with episode {episode}, the last that {INFO} counts: "
        "the dataset is damaged; record into another folder"
    )
