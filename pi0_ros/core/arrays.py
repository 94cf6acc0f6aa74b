"""Read-only float arrays for frozen dataclasses."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pi0_ros.core.errors import ConfigurationError

FloatArray = NDArray[np.float64]


def frozen(values: ArrayLike) -> FloatArray:
    """A read-only float64 copy of `values`."""
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array


def require_unique_names(names: Iterable[str], what: str) -> tuple[str, ...]:
    """`names` as a tuple of distinct non-empty strings.

    Raises:
        ConfigurationError: a name is empty or occurs twice, or there is none at all.
    """
    result = tuple(names)
    if not result or any(not name for name in result):
        raise ConfigurationError(f"{what}: expected at least one non-empty name, got {result!r}")
    doubled = sorted({name for name in result if result.count(name) > 1})
    if doubled:
        raise ConfigurationError(f"{what}: {', '.join(doubled)} given more than once")
    return result
