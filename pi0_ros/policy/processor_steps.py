"""Whether a preprocessor's steps are those, in that order, that its policy type reads words with.

LeRobot runs whatever steps a file lists. Pi0.5 gets no state at all where the step that writes it
is missing, and a wrong one where the state is scaled after it was written.
"""

from collections.abc import Sequence
from pathlib import Path

from lerobot.configs import FeatureType, NormalizationMode, PreTrainedConfig
from lerobot.policies.pi05.processor_pi05 import Pi05PrepareStateTokenizerProcessorStep
from lerobot.processor import (
    AddBatchDimensionProcessorStep,
    DeviceProcessorStep,
    NewLineTaskProcessorStep,
    NormalizerProcessorStep,
    ProcessorStep,
    RelativeActionsProcessorStep,
    RenameObservationsProcessorStep,
    TokenizerProcessorStep,
)

from pi0_ros.core.errors import CheckpointError

_ANYWHERE = (
    AddBatchDimensionProcessorStep,
    DeviceProcessorStep,
    RelativeActionsProcessorStep,
    RenameObservationsProcessorStep,
)
# Each once, in this order; others only from above.
_ORDER: dict[str, tuple[type[ProcessorStep], ...]] = {
    "pi05": (
        NormalizerProcessorStep,
        Pi05PrepareStateTokenizerProcessorStep,
        TokenizerProcessorStep,
    ),
    "smolvla": (NewLineTaskProcessorStep, TokenizerProcessorStep, NormalizerProcessorStep),
}


def check_steps(path: Path, config: PreTrainedConfig, steps: Sequence[ProcessorStep]) -> None:
    """
    Args:
        path: the preprocessor's file, for the errors.

    Raises:
        CheckpointError: a step is missing, unknown, twice there or in the wrong place, or the
            state that Pi0.5 writes in words is not scaled.
    """
    expected = _ORDER.get(config.type)
    if expected is None:
        return
    came = tuple(type(step) for step in steps if type(step) not in _ANYWHERE)
    if came != expected:
        raise CheckpointError(
            f"{path}: a policy of type {config.type!r} is fed through {_names(expected)}, in this "
            f"order, but the file has {_names(came)}; make the processors again with LeRobot"
        )
    scaling = config.normalization_mapping.get(FeatureType.STATE.value)
    if config.type == "pi05" and scaling in (None, NormalizationMode.IDENTITY):
        raise CheckpointError(
            f"{path}: the state is not scaled ({scaling}), but Pi0.5 reads it in 256 steps from -1 "
            "to 1, beyond which all positions are the same to it"
        )


def _names(steps: Sequence[type[ProcessorStep]]) -> str:
    return ", ".join(step.__name__ for step in steps) or "none of them"
