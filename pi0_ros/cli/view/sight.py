"""What was seen of a running arm last, and when; steady clock throughout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.images import RgbImage


@dataclass(frozen=True, slots=True)
class PolicyHeard:
    """Of a PolicyStatus; `state` and `mode` are its constants' names."""

    at_s: float
    state: str
    mode: str
    reason: str
    policy_id: str
    device: str
    instruction: str
    chunk_rate_hz: float
    inference_s: float
    stretch: float


@dataclass(frozen=True, slots=True)
class ControllerHeard:
    """Of a SafetyReport; `state` is its constant's name."""

    at_s: float
    state: str
    reason: str
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a camera's newest message is no picture."""

    at_s: float
    reason: str


@dataclass(slots=True)
class Sight:
    """The newest of everything.

    Attributes:
        cameras: as configured, in their order.
        pictures: camera -> its newest good picture; none before the first.
        seen_s: camera -> when that came.
        refused: camera -> its newest message, where that was refused.
        chunk: demo arm positions that were planned last, shape (rows, 6), rad.
        chunk_ends_s: from then on nothing of it is left to be played.
        of_scene: whether the cameras are those of the demo's scene, whose places are known; None
            before it is known who they are.
    """

    cameras: Sequence[str]
    pictures: dict[str, RgbImage] = field(default_factory=dict)
    seen_s: dict[str, float] = field(default_factory=dict)
    refused: dict[str, Refused] = field(default_factory=dict)
    chunk: FloatArray | None = None
    chunk_ends_s: float = float("-inf")
    of_scene: bool | None = None
    policy: PolicyHeard | None = None
    controller: ControllerHeard | None = None

    def see(self, camera: str, picture: RgbImage, now_s: float) -> None:
        self.pictures[camera] = picture
        self.seen_s[camera] = now_s
        self.refused.pop(camera, None)

    def plan(self, chunk: FloatArray | None, lasts_s: float, now_s: float) -> None:
        """Takes a new chunk; None where it is not one of the demo arm's."""
        self.chunk, self.chunk_ends_s = chunk, now_s + lasts_s

    def chunk_at(self, now_s: float) -> FloatArray | None:
        """What may be drawn: nothing where the cameras' places are unknown or all is past."""
        return self.chunk if self.of_scene and now_s < self.chunk_ends_s else None

    def ages_s(self, now_s: float) -> Mapping[str, float]:
        """Camera -> age of its newest picture; infinite before the first."""
        return {camera: now_s - self.seen_s.get(camera, float("-inf")) for camera in self.cameras}
