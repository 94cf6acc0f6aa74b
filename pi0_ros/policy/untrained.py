"""The same model without what it learned, to compare a trained one with."""

import shutil
from pathlib import Path

import torch

from pi0_ros.core.errors import CheckpointError
from pi0_ros.policy.checkpoint_config import read_config
from pi0_ros.policy.configuration_pi0_tiny import PI0TinyConfig
from pi0_ros.policy.initialisation import scale_to_width
from pi0_ros.policy.manifest import WEIGHTS_FILE, read_manifest, write_manifest
from pi0_ros.policy.modeling_pi0_tiny import PI0TinyPolicy


def write_untrained(folder: Path, output: Path, seed: int) -> None:
    """Copies a checkpoint of a pi0_tiny, with weights as they are before the first step.

    Args:
        output: must not exist yet.

    Raises:
        CheckpointError: another type of model, or not a complete checkpoint.
    """
    config = read_config(folder, "cpu")
    if not isinstance(config, PI0TinyConfig):
        raise CheckpointError(
            f"{folder}: only a pi0_tiny can be made anew without training, this is a {config.type}"
        )
    manifest = read_manifest(folder)
    shutil.copytree(folder, output)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        policy = PI0TinyPolicy(config)
        scale_to_width(policy)
    (output / WEIGHTS_FILE).unlink()
    policy.save_pretrained(output)
    write_manifest(output, demo=manifest is not None and manifest.demo, made={"untrained": seed})
