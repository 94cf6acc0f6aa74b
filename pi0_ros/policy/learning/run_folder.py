"""The folder beside a checkpoint in the making: what it takes to go on after an interruption."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lerobot.common.train_utils import get_step_identifier
from lerobot.utils.constants import CHECKPOINTS_DIR, PRETRAINED_MODEL_DIR, TRAINING_STATE_DIR

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.policy.learning.loss_curve import CSV_FILE

_PLAN_FILE = "run.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class RunFolder:
    """LeRobot's layout of a training run, `checkpoints/<step>/…`, with our plan beside it.

    Attributes:
        path: the folder.
    """

    path: Path

    @property
    def losses(self) -> Path:
        """The table of losses."""
        return self.path / CSV_FILE

    def begin(self, plan: Mapping[str, object], replace: bool = False) -> None:
        """Makes the folder and writes down what is planned.

        Args:
            replace: whether a folder that is there already goes, with all its states.
        """
        if replace:
            shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True)
        text = json.dumps({"format": _FORMAT, **plan}, indent=2) + "\n"
        (self.path / _PLAN_FILE).write_text(text, encoding="utf-8")

    def check_plan(self, plan: Mapping[str, object]) -> None:
        """
        Raises:
            ConfigurationError: there is no run, or it was begun with another plan; the first
                difference is named.
        """
        path = self.path / _PLAN_FILE
        if not path.is_file():
            raise ConfigurationError(
                f"--resume: no training was begun at {self.path}; leave --resume out"
            )
        try:
            begun = dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise ConfigurationError(f"{path}: damaged ({error})") from error
        # As JSON has it, without tuples.
        now = json.loads(json.dumps({"format": _FORMAT, **plan}))
        for name, was, wanted in _differences(begun, now):
            raise ConfigurationError(
                f"--resume: this training was begun with {name} {was}, now it is {wanted}; give "
                "the same command line again"
            )

    def step_folder(self, step: int, steps: int) -> Path:
        """Where the state after `step` of `steps` is."""
        return self.path / CHECKPOINTS_DIR / get_step_identifier(step, steps)

    def save(self, step: int, steps: int, write: Callable[[Path], None]) -> None:
        """Has `write` fill a folder, which then appears under its name whole or not at all."""
        folder = self.step_folder(step, steps)
        new = folder.with_name(f".{folder.name}.{os.getpid()}")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        try:
            write(new)
            shutil.rmtree(folder, ignore_errors=True)
            new.rename(folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def latest(self) -> Path | None:
        """The state after the most steps; None where there is none."""
        folders = sorted(
            path
            for path in (self.path / CHECKPOINTS_DIR).glob("[0-9]*")
            if (path / TRAINING_STATE_DIR).is_dir() and (path / PRETRAINED_MODEL_DIR).is_dir()
        )
        return folders[-1] if folders else None


def _differences(
    begun: Mapping[str, object], now: Mapping[str, object], prefix: str = ""
) -> list[tuple[str, object, object]]:
    found: list[tuple[str, object, object]] = []
    for name in {**begun, **now}:
        was, wanted = begun.get(name), now.get(name)
        if isinstance(was, dict) and isinstance(wanted, dict):
            found += _differences(was, wanted, f"{prefix}{name}.")
        elif was != wanted:
            found.append((f"{prefix}{name}", was, wanted))
    return found
