"""Whether a checkpoint's normalisation can be trusted.

LeRobot passes values through unchanged where a statistic is absent and divides by any deviation,
zero included: both move an arm wrongly without a word.
"""

from collections.abc import Iterable
from pathlib import Path

import torch
from lerobot.configs import FeatureType, NormalizationMode, PreTrainedConfig
from lerobot.processor import NormalizerProcessorStep, UnnormalizerProcessorStep

from pi0_ros.core.errors import CheckpointError

_NEEDED = {
    NormalizationMode.MEAN_STD: ("mean", "std"),
    NormalizationMode.MIN_MAX: ("min", "max"),
    NormalizationMode.QUANTILES: ("q01", "q99"),
    NormalizationMode.QUANTILE10: ("q10", "q90"),
    NormalizationMode.IDENTITY: (),
}
# Below this, in whatever unit, the values did not vary and scaling by them means nothing.
_SMALLEST_SPREAD = 1e-6


def check_statistics(
    path: Path,
    step: NormalizerProcessorStep | UnnormalizerProcessorStep,
    config: PreTrainedConfig,
    keys: Iterable[str],
) -> None:
    """Compares a scaling step with what the policy's configuration asks for.

    Args:
        path: the processor's file, for the errors.
        keys: the features that this step must scale.

    Raises:
        CheckpointError: the step leaves one out, or a statistic is missing, of the wrong length,
            not finite or without spread; the message names it.
    """
    features = {**(config.input_features or {}), **(config.output_features or {})}
    statistics = step.state_dict()
    for key in keys:
        kind = FeatureType(features[key].type)
        wanted = NormalizationMode(
            config.normalization_mapping.get(kind.value, NormalizationMode.IDENTITY)
        )
        came = step.norm_map.get(kind, NormalizationMode.IDENTITY)
        if came != wanted:
            raise CheckpointError(
                f"{path}: scales {key} by {came.value}, but the policy's configuration says "
                f"{wanted.value}"
            )
        if wanted is NormalizationMode.IDENTITY:
            continue
        if key not in step.features:
            raise CheckpointError(f"{path}: its normalizer leaves {key} out; see its 'features'")
        length = features[key].shape[0]
        low, high = (
            _statistic(path, statistics, f"{key}.{name}", length) for name in _NEEDED[wanted]
        )
        spread = high if wanted is NormalizationMode.MEAN_STD else high - low
        flat = torch.nonzero(~(spread.flatten() >= _SMALLEST_SPREAD)).flatten().tolist()
        if flat:
            raise CheckpointError(
                f"{path}: statistic {key}.{_NEEDED[wanted][1]} has no spread at index "
                f"{', '.join(map(str, flat))} ({wanted.value}): that value never varied in the "
                "training data and cannot be scaled"
            )


def _statistic(
    path: Path, statistics: dict[str, torch.Tensor], name: str, length: int
) -> torch.Tensor:
    if name not in statistics:
        raise CheckpointError(
            f"{path}: statistic {name} is missing, and LeRobot would then not scale at all; make "
            "the processors again with the training data's statistics"
        )
    value = statistics[name]
    if value.shape[:1] != (length,):
        raise CheckpointError(
            f"{path}: statistic {name} has shape {list(value.shape)}, expected length {length}"
        )
    if not bool(torch.isfinite(value).all()):
        raise CheckpointError(f"{path}: statistic {name} has values that are not finite")
    return value
