"""What others see of inference, and are told of it."""

from dataclasses import dataclass
from typing import Protocol

from pi0_ros.core.chunk import ActionChunk
from pi0_ros.core.errors import InputRefused, PolicyError


@dataclass(frozen=True, slots=True, eq=False)
class Inferred:
    """A chunk and what it came from."""

    chunk: ActionChunk
    instruction: str
    inference_ns: int


@dataclass(frozen=True, slots=True)
class InferenceView:
    """What the thread is doing, for reports.

    Attributes:
        problem: why no chunk comes although there are observations; empty when one does.
        failing: the policy fails again and again.
        stretch: how much slower than trained the newest chunk is to be played, >= 1.
        busy_since_ns: steady time at which the inference under way began; None between two.
    """

    epoch: int
    problem: str
    failing: bool
    busy_since_ns: int | None
    chunks: int
    chunk_rate_hz: float
    inference_last_s: float
    inference_p50_s: float
    stretch: float


class InferenceListener(Protocol):
    """Who is told; called in the inference thread, or in that of `take_instruction`."""

    def publish_chunk(self, inferred: Inferred) -> None: ...

    def beat(self) -> None:
        """Something may have changed."""
        ...

    def instruction_refused(self, refusal: InputRefused) -> None: ...

    def inference_failed(self, error: PolicyError) -> None: ...

    def fail(self, error: BaseException) -> None:
        """The thread has ended and nothing can go on."""
        ...
