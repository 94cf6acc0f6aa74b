"""One moment as the policy sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray, frozen
from pi0_ros.core.chunk_time import ChunkTime


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """Pictures, joint positions and instruction that belong to one capture time.

    Attributes:
        stamp_ns: capture time, ROS time in ns.
        images: camera name -> uint8 RGB, shape (height, width, 3), in the configured order.
        positions: joint positions in configured order, shape (joints,), rad or m.
        instruction: what the arm is to do.
        epoch: of the chunk that is made of it. It rises where nothing that was computed before
            counts any more.
        time: where that chunk stands among the others; None where nobody counts.
    """

    stamp_ns: int
    images: Mapping[str, NDArray[np.uint8]]
    positions: FloatArray
    instruction: str
    epoch: int = 0
    time: ChunkTime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "images", MappingProxyType(dict(self.images)))
        object.__setattr__(self, "positions", frozen(self.positions))
