"""What computes a chunk, behind the checks that every policy shares."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pi0_ros.core.arrays import FloatArray
from pi0_ros.policy.fast.guidance import Guidance

# Stages of a chunk, in order. An engine calls `mark` with a stage's name when it ends.
STAGES = ("pre-processing", "vision", "prefix", "flow", "post-processing")
Mark = Callable[[str], None]


def unmarked(_stage: str) -> None:
    """For callers that do not ask how long each stage takes."""


class Engine(Protocol):
    """Pi0's inference for one observation at a time; not safe to call from several threads."""

    @property
    def name(self) -> str:
        """As the parameter `engine` has it."""
        ...

    @property
    def vocabulary(self) -> int:
        """Tokens it knows: 0 to vocabulary - 1."""
        ...

    @property
    def noise_shape(self) -> tuple[int, int]:
        """Rows of a chunk and padded length of each."""
        ...

    def chunk(
        self,
        pictures: Sequence[NDArray[np.uint8]],
        positions: FloatArray,
        instruction: str,
        noise: Tensor,
        mark: Mark = unmarked,
    ) -> Tensor:
        """The chunk as the model gives it: normalised, (1, horizon, joints), on its device.

        Args:
            pictures: (height, width, 3) RGB, in the order of the policy's cameras.
            positions: (joints,) in the checkpoint's unit.
            instruction: the prompt as the operator wrote it.
            noise: (1, *noise_shape), float32 on the device.
            mark: is told the name of each stage up to "flow" when it ends.
        """
        ...


class GuidedEngine(Engine, Protocol):
    """One that can make a chunk agree with the one before while it is computed."""

    @property
    def flow_steps(self) -> int:
        """Euler steps per chunk."""
        ...

    def chunk(
        self,
        pictures: Sequence[NDArray[np.uint8]],
        positions: FloatArray,
        instruction: str,
        noise: Tensor,
        mark: Mark = unmarked,
        guidance: Guidance | None = None,
    ) -> Tensor:
        """As Engine.chunk, and bit for bit the same where `guidance` is None."""
        ...
