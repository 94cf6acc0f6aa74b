"""A checkpoint's own statement of what it is and what its files hash to."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from pi0_ros.core.errors import CheckpointError
from pi0_ros.policy.policy_config import Mode

MANIFEST_FILE = "pi0_ros_manifest.json"
WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"
PREPROCESSOR_FILE = "policy_preprocessor.json"
POSTPROCESSOR_FILE = "policy_postprocessor.json"

_FORMAT = 1
_ALWAYS_LISTED = (WEIGHTS_FILE, CONFIG_FILE, PREPROCESSOR_FILE, POSTPROCESSOR_FILE)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Contents of pi0_ros_manifest.json.

    Attributes:
        demo: whether this is the demo checkpoint.
        sha256: path relative to the checkpoint's folder -> hex digest.
        made: how it was made, for people.
    """

    demo: bool
    sha256: Mapping[str, str]
    made: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha256", MappingProxyType(dict(self.sha256)))
        object.__setattr__(self, "made", MappingProxyType(dict(self.made)))


def file_sha256(path: Path) -> str:
    """Hex digest of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a checkpoint; None where it has none, as other people's checkpoints do.

    Raises:
        CheckpointError: it is there but damaged or of another format.
    """
    path = folder / MANIFEST_FILE
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != _FORMAT:
            raise CheckpointError(f"{path}: expected format {_FORMAT}, got {content['format']!r}")
        demo, sha256, made = content["demo"], content["sha256"], content.get("made", {})
        if not isinstance(demo, bool) or not isinstance(sha256, dict):
            raise TypeError("demo must be true or false, sha256 a table")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: damaged manifest ({error!r})") from error
    return Manifest(demo, sha256, made)


def write_manifest(folder: Path, demo: bool, made: Mapping[str, object]) -> None:
    """Hashes every file in the folder and writes the manifest beside them."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    content = {
        "format": _FORMAT,
        "demo": demo,
        "made": dict(made),
        "sha256": {
            path.relative_to(folder).as_posix(): file_sha256(path)
            for path in files
            if path.name != MANIFEST_FILE
        },
    }
    text = json.dumps(content, indent=2) + "\n"
    (folder / MANIFEST_FILE).write_text(text, encoding="utf-8")


def check_mode(folder: Path, manifest: Manifest | None, mode: Mode) -> None:
    """Demo and real checkpoints are never taken for each other.

    Raises:
        CheckpointError: the checkpoint is not of the kind that `mode` asks for.
    """
    is_demo = manifest is not None and manifest.demo
    if is_demo and mode != "demo":
        raise CheckpointError(
            f"{folder}: this is the demo checkpoint, but the parameter mode is {mode!r}: give your "
            "own checkpoint in policy_path, or set mode to 'demo'"
        )
    if not is_demo and mode == "demo":
        raise CheckpointError(
            f"{folder}: not the demo checkpoint (its {MANIFEST_FILE} does not say so), but the "
            "parameter mode is 'demo': set mode to 'real', or leave policy_path empty"
        )


def check_hashes(folder: Path, manifest: Manifest | None, weights_sha256: str) -> None:
    """Compares every file the manifest lists.

    Raises:
        CheckpointError: a file is missing, differs or is not listed; it is named.
    """
    if manifest is None:
        return
    for name in _ALWAYS_LISTED:
        if name not in manifest.sha256:
            raise CheckpointError(f"{folder / MANIFEST_FILE}: has no hash of {name}")
    for name, expected in manifest.sha256.items():
        path = folder / name
        if not path.is_file():
            raise CheckpointError(f"{path}: missing, though {MANIFEST_FILE} lists it")
        came = weights_sha256 if name == WEIGHTS_FILE else file_sha256(path)
        if came != expected:
            raise CheckpointError(
                f"{path}: differs from what {MANIFEST_FILE} says (SHA-256 {came[:12]}…, expected "
                f"{str(expected)[:12]}…): damaged or changed; copy or make the checkpoint again"
            )
