"""Figures for reports."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, 99th percentile and maximum of samples, in the samples' unit."""

    p50: float
    p99: float
    max: float


def spread(samples: Iterable[float]) -> Spread | None:
    """Spread of `samples`; None where there are none."""
    values = np.fromiter(samples, dtype=np.float64)
    if values.size == 0:
        return None
    p50, p99 = np.percentile(values, [50.0, 99.0]).tolist()
    return Spread(p50, p99, float(values.max()))
