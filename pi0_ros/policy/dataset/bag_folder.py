"""Where the bags of a dataset's episodes lie.

Beside the dataset and not in it: whoever uploads a dataset's folder would upload the bags too. A
bag is written apart and renamed when its episode is in the dataset. A kill between the two leaves
a whole bag apart, which `settle` then puts into place.
"""

import re
import shutil
from pathlib import Path

from pi0_ros.core.errors import ConfigurationError

_STAGING = ".recording"
_NAME = re.compile(r"episode_(\d{6,})")
# What a bag's writer writes last.
_METADATA = "metadata.yaml"


class BagFolder:
    """`<dataset>.bags`.

    Args:
        dataset: folder of the dataset.
    """

    def __init__(self, dataset: Path) -> None:
        self.path = dataset.with_name(f"{dataset.name}.bags")
        self._staging = self.path / _STAGING

    def settle(self, episodes: int) -> None:
        """What a recording left that was killed; the dataset must be locked by its writer.

        Args:
            episodes: that the dataset has.

        Raises:
            ConfigurationError: there are bags of episodes that the dataset does not have.
        """
        if not self.path.is_dir():
            return
        numbers = [
            int(match[1]) for path in self.path.iterdir() if (match := _NAME.fullmatch(path.name))
        ]
        if numbers and max(numbers) >= episodes:
            raise ConfigurationError(
                f"{self.path}: has a bag of episode {max(numbers)}, but the dataset has {episodes} "
                "episodes: move the bags away, or name another --output"
            )
        try:
            last = episodes - 1
            if (self.staged(last) / _METADATA).exists() and not self.of(last).exists():
                self.staged(last).rename(self.of(last))
            self.clear()
        except OSError as error:
            raise ConfigurationError(f"{self.path}: cannot be written: {error}") from error

    def open(self) -> None:
        """
        Raises:
            ConfigurationError: no bag can be written there.
        """
        try:
            self._staging.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(f"{self.path}: no folder for bags (--bag): {error}") from error

    def of(self, episode: int) -> Path:
        return self.path / f"episode_{episode:06d}"

    def staged(self, episode: int) -> Path:
        """Where the bag of an episode is written."""
        return self._staging / self.of(episode).name

    def publish(self, episode: int) -> int:
        """Moves the bag of an episode to its place; its size in bytes.

        Raises:
            OSError: it cannot be moved.
        """
        self.staged(episode).rename(self.of(episode))
        return sum(path.stat().st_size for path in self.of(episode).iterdir())

    def free_bytes(self) -> int:
        return shutil.disk_usage(self.path).free

    def clear(self) -> None:
        """Forgets what is written apart, and the folder where no bag is in it."""
        if self._staging.exists():
            shutil.rmtree(self._staging)
        if self.path.exists() and not any(self.path.iterdir()):
            self.path.rmdir()
