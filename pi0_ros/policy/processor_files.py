"""The files of a checkpoint's pre- and postprocessor, read without LeRobot."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file

from pi0_ros.core.errors import CheckpointError
from pi0_ros.policy.safetensors_header import read_header
from pi0_ros.policy.statistics import Scaling

TOKENIZER_STEP = "tokenizer_processor"
SCALING_STEP, UNSCALING_STEP = "normalizer_processor", "unnormalizer_processor"
# Without these, values would reach the model and the arm unscaled.
BEFORE_STEPS = ("device_processor", SCALING_STEP)
AFTER_STEPS = (UNSCALING_STEP, "device_processor")

_CONVERSION = (
    "convert an old checkpoint with `python -m lerobot.processor.migrate_policy_normalization`"
)
# What numpy has no type for.
_NOT_IN_NUMPY = "BF16"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a pipeline.

    Attributes:
        config: what it is made with.
        values: the file of its tensors; None where it has none.
    """

    config: Mapping[str, Any]
    values: Path | None


def read_steps(path: Path, needed: Iterable[str]) -> dict[str, Step]:
    """Registered name of each step -> the step.

    Args:
        path: a pipeline's JSON file.
        needed: names of steps that must be there.

    Raises:
        CheckpointError: the file, a step or a step's file of values is missing or damaged, or a
            step is none of LeRobot's.
    """
    if not path.is_file():
        raise CheckpointError(
            f"{path}: no such file, so nothing says how states and actions are scaled; "
            f"{_CONVERSION}"
        )
    try:
        steps = json.loads(path.read_text(encoding="utf-8"))["steps"]
        named = {step["registry_name"]: _step(path.parent, step) for step in steps}
    except (OSError, ValueError, KeyError, TypeError) as error:
        # A step without a registered name would import whatever module it names.
        raise CheckpointError(
            f"{path}: damaged, or with a step that LeRobot does not register ({error!r})"
        ) from error
    for name in needed:
        if name not in named:
            raise CheckpointError(
                f"{path}: has no step {name!r} (has {', '.join(named) or 'none'}); {_CONVERSION}"
            )
    for step in named.values():
        if step.values is None:
            continue
        if not step.values.is_file():
            raise CheckpointError(
                f"{step.values}: no such file, but {path.name} has a step with values there; copy "
                "it, too"
            )
        read_header(step.values)
    return named


def read_scaling(path: Path, step: Step) -> Scaling | None:
    """What a step scales by; None where only LeRobot can tell.

    Args:
        path: the pipeline's JSON file, for the errors.
        step: a scaling one of it.

    Raises:
        CheckpointError: the step's configuration is not one of a scaling step.
    """
    if step.config.get("stats"):
        return None
    if step.values is None:
        statistics = {}
    elif any(tensor.dtype == _NOT_IN_NUMPY for tensor in read_header(step.values).values()):
        return None
    else:
        statistics = load_file(step.values)
    try:
        modes = {str(kind): str(mode) for kind, mode in step.config["norm_map"].items()}
        return Scaling(modes, tuple(step.config["features"]), statistics)
    except (KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path}: damaged scaling step ({error!r})") from error


def _step(folder: Path, entry: Mapping[str, Any]) -> Step:
    file = entry.get("state_file")
    return Step(dict(entry.get("config", {})), None if file is None else folder / file)
