"""Everything that decides what training makes of a dataset."""

import math
from dataclasses import asdict, dataclass, field
from typing import Literal, get_args

from pi0_ros.core.errors import ConfigurationError

Attention = Literal["fused", "plain"]


@dataclass(frozen=True, slots=True)
class ModelSizes:
    """Sizes of a pi0_tiny; see `PI0TinyConfig` for what each is."""

    vocabulary: int = 512
    depth: int = 2
    head_dim: int = 16
    width: int = 64
    mlp_width: int = 128
    expert_width: int = 64
    expert_mlp_width: int = 256
    vision_width: int = 32
    vision_mlp_width: int = 64
    vision_depth: int = 2
    vision_heads: int = 4
    vision_patch: int = 14

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            _require(name, value, value >= 1, "at least 1")
        _require("vocabulary", self.vocabulary, self.vocabulary >= 260, "at least 260")
        _require("head_dim", self.head_dim, self.head_dim % 2 == 0, "even")
        _require(
            "vision_width",
            self.vision_width,
            self.vision_width % self.vision_heads == 0,
            f"a multiple of vision_heads ({self.vision_heads})",
        )


@dataclass(frozen=True, slots=True)
class Jitter:
    """How pictures are changed at random while training; all 0: not at all.

    Attributes:
        brightness: pictures get brighter or darker by at most this share.
        contrast: differences to the picture's mean grow or shrink by at most this share.
        shift_px: pictures move by at most so many of the model's pixels in each direction.
    """

    brightness: float = 0.0
    contrast: float = 0.0
    shift_px: int = 0

    def __post_init__(self) -> None:
        for name in ("brightness", "contrast"):
            value = getattr(self, name)
            _require(name, value, 0.0 <= value < 1.0, "at least 0 and below 1")
        _require("shift_px", self.shift_px, self.shift_px >= 0, "at least 0")

    def __bool__(self) -> bool:
        return self.brightness > 0 or self.contrast > 0 or self.shift_px > 0


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train. The same recipe, dataset and kind of processor give the same weights.

    Attributes:
        seed: of initial weights, order of frames, noise and jitter.
        steps: optimiser steps.
        batch_size: frames per step.
        learning_rate: the largest; it rises over `warmup_steps` and falls as a cosine to
            `final_learning_rate` at the last step.
        weight_decay: of AdamW.
        horizon: rows of a chunk; None: of a new policy 50, otherwise as it has them.
        picture_side: pixels of the model's square pictures, a multiple of the patch.
        still_share: of the frames from which the arm stays where it is, this share is learnt from.
            Where episodes end in long rests, a policy learns to rest early; fewer of them help.
        still_rad: a frame is one of those where no joint is farther away at the end of its chunk.
        text_length: tokens of an instruction, the end included; longer ones are refused.
        attention: "fused": torch's kernel, twice as fast for small models on a CPU; "plain": as
            LeRobot writes it out. They agree to float rounding.
        threads: of torch on the CPU; sums depend on how many threads share them.
        sizes: of a new policy.
        jitter: of the pictures.

    Raises:
        ConfigurationError: a value cannot work; the message names it.
    """

    seed: int = 0
    steps: int = 10_000
    batch_size: int = 32
    learning_rate: float = 2e-3
    final_learning_rate: float = 0.0
    warmup_steps: int = 100
    weight_decay: float = 0.0
    horizon: int | None = None
    picture_side: int = 84
    still_share: float = 1.0
    still_rad: float = 0.05
    text_length: int = 48
    attention: Attention = "fused"
    threads: int = 1
    sizes: ModelSizes = field(default_factory=ModelSizes)
    jitter: Jitter = field(default_factory=Jitter)

    def __post_init__(self) -> None:
        _require("seed", self.seed, self.seed >= 0, "at least 0")
        for name in ("steps", "batch_size", "picture_side", "text_length", "threads"):
            _require(name, getattr(self, name), getattr(self, name) >= 1, "at least 1")
        _require("horizon", self.horizon, self.horizon is None or self.horizon >= 2, "at least 2")
        rate, final = self.learning_rate, self.final_learning_rate
        _require("learning_rate", rate, rate > 0 and math.isfinite(rate), "above 0")
        _require("final_learning_rate", final, 0 <= final <= rate, f"from 0 to {rate:g}")
        _require("weight_decay", self.weight_decay, 0 <= self.weight_decay < 1, "from 0 to 1")
        _require("still_share", self.still_share, 0 <= self.still_share <= 1, "from 0 to 1")
        _require("still_rad", self.still_rad, 0 <= self.still_rad < math.inf, "at least 0")
        kinds = get_args(Attention)
        _require("attention", self.attention, self.attention in kinds, " or ".join(kinds))
        _require(
            "warmup_steps",
            self.warmup_steps,
            0 <= self.warmup_steps < self.steps,
            f"at least 0 and less than the {self.steps} steps",
        )
        _require(
            "picture_side",
            self.picture_side,
            self.picture_side % self.sizes.vision_patch == 0,
            f"a multiple of the patch, {self.sizes.vision_patch}",
        )


def _require(name: str, value: object, holds: bool, expected: str) -> None:
    if not holds:
        raise ConfigurationError(f"{name}: must be {expected}, got {value}")
