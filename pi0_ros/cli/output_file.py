"""Files that an option names: whether they can be written is said before the work, not after it."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pi0_ros.core.errors import ConfigurationError, Pi0RosError


def require_writable(option: str, file: Path | None) -> None:
    """
    Raises:
        ConfigurationError: a file is named, and none can be written there.
    """
    if file is not None and (file.is_dir() or not os.access(file.absolute().parent, os.W_OK)):
        raise ConfigurationError(f"{option} {file}: not a file that can be written")


@contextmanager
def writing(option: str, path: Path) -> Iterator[None]:
    """Around what writes there.

    Raises:
        Pi0RosError: it could not; the message names the option.
    """
    try:
        yield
    except OSError as error:
        raise Pi0RosError(f"{option} {path}: cannot be written: {error}") from error


def write_report(file: Path, report: Mapping[str, Any]) -> None:
    """The JSON that `--report FILE` asks for.

    Raises:
        Pi0RosError: the file cannot be written.
    """
    with writing("--report", file):
        file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
