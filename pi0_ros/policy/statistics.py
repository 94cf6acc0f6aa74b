"""Whether a checkpoint's normalisation can be trusted.

LeRobot passes values through unchanged where a statistic is absent and divides by any deviation,
zero included: both move an arm wrongly without a word.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.errors import CheckpointError

_IDENTITY, _MEAN_STD = "IDENTITY", "MEAN_STD"
_NEEDED = {
    _MEAN_STD: ("mean", "std"),
    "MIN_MAX": ("min", "max"),
    "QUANTILES": ("q01", "q99"),
    "QUANTILE10": ("q10", "q90"),
}
# Below this, in whatever unit, the values did not vary and scaling by them means nothing.
_SMALLEST_SPREAD = 1e-6


class Feature(Protocol):
    """One input or output of a policy."""

    @property
    def type(self) -> str: ...

    @property
    def shape(self) -> tuple[int, ...]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """A step that scales: as its file has it, or as LeRobot made it of that.

    Attributes:
        modes: kind of feature ("STATE", "VISUAL", "ACTION") -> what it is scaled by.
        features: those that are scaled, where their kind is.
        statistics: "<feature>.<name>" -> values, first axis as long as the feature's.
    """

    modes: Mapping[str, str]
    features: Collection[str]
    statistics: Mapping[str, NDArray[Any]]


def check_statistics(
    path: Path,
    scaling: Scaling,
    features: Mapping[str, Feature],
    modes: Mapping[str, str],
    keys: Iterable[str],
) -> None:
    """Compares a scaling step with what the policy's configuration asks for.

    Args:
        path: the processor's file, for the errors.
        features: all of the policy's inputs and outputs.
        modes: the policy's: kind of feature -> what it is to be scaled by.
        keys: the features that this step must scale.

    Raises:
        CheckpointError: the step leaves one out, or a statistic is missing, of the wrong length,
            not finite or without spread; the message names it.
    """
    for key in keys:
        kind = plain(features[key].type)
        wanted = plain(modes.get(kind, _IDENTITY))
        came = scaling.modes.get(kind, _IDENTITY)
        if came != wanted:
            raise CheckpointError(
                f"{path}: scales {key} by {came}, but the policy's configuration says {wanted}"
            )
        if wanted == _IDENTITY:
            continue
        if wanted not in _NEEDED:
            raise CheckpointError(
                f"{path}: scales {key} by {wanted}; expected {_IDENTITY} or {' or '.join(_NEEDED)}"
            )
        if key not in scaling.features:
            raise CheckpointError(f"{path}: its normalizer leaves {key} out; see its 'features'")
        length = features[key].shape[0]
        low, high = (
            _statistic(path, scaling.statistics, f"{key}.{name}", length)
            for name in _NEEDED[wanted]
        )
        spread = high if wanted == _MEAN_STD else high - low
        flat = np.flatnonzero(~(spread.ravel() >= _SMALLEST_SPREAD)).tolist()
        if flat:
            raise CheckpointError(
                f"{path}: statistic {key}.{_NEEDED[wanted][1]} has no spread at index "
                f"{', '.join(map(str, flat))} ({wanted}): that value never varied in the "
                "training data and cannot be scaled"
            )


def plain(name: str) -> str:
    """LeRobot's enumerations are texts that print otherwise than they are written."""
    return str(getattr(name, "value", name))


def _statistic(
    path: Path, statistics: Mapping[str, NDArray[Any]], name: str, length: int
) -> NDArray[Any]:
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
    if not np.isfinite(value).all():
        raise CheckpointError(f"{path}: statistic {name} has values that are not finite")
    return value
