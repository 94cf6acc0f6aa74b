"""Checkpoints that must not be trusted."""

import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.policy.manifest import WEIGHTS_FILE, write_manifest


def damaged_checkpoint(good: Path, damage: str, folder: Path) -> Path:
    """A copy of a checkpoint with one kind of damage.

    Args:
        damage: "missing" (there is none), "wrong_hash" (one weight differs from what the manifest
            says), "missing_weights" (one tensor is gone, and the manifest agrees).
        folder: where the copy is made.

    Raises:
        ConfigurationError: there is no such damage.
    """
    copy = folder / f"checkpoint_{damage}"
    if damage == "missing":
        return copy
    shutil.copytree(good, copy)
    weights = load_file(copy / WEIGHTS_FILE)
    name = sorted(weights)[0]
    if damage == "wrong_hash":
        weights[name] = weights[name] + np.ones_like(weights[name])
        save_file(weights, copy / WEIGHTS_FILE, metadata={"format": "pt"})
    elif damage == "missing_weights":
        del weights[name]
        save_file(weights, copy / WEIGHTS_FILE, metadata={"format": "pt"})
        write_manifest(copy, demo=True, made={})
    else:
        raise ConfigurationError(f"no such damage: {damage}")
    return copy
