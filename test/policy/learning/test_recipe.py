"""Recipes that cannot work are refused by name."""

import pytest

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.policy.learning.recipe import Jitter, ModelSizes, Recipe


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"steps": 0}, "steps: must be at least 1, got 0"),
        ({"batch_size": 0}, "batch_size"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"learning_rate": float("inf")}, "learning_rate"),
        ({"final_learning_rate": 0.1}, r"final_learning_rate: must be from 0 to 0\.002"),
        ({"weight_decay": -1.0}, "weight_decay"),
        ({"steps": 100}, "warmup_steps: must be at least 0 and less than the 100 steps, got 100"),
        ({"horizon": 1}, "horizon"),
        ({"picture_side": 80}, "picture_side: must be a multiple of the patch, 14, got 80"),
        ({"seed": -1}, "seed"),
        ({"threads": 0}, "threads"),
    ],
)
def test_values_that_cannot_work_are_named(change: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Recipe(**change)  # type: ignore[arg-type]


def test_sizes_and_jitter_too() -> None:
    with pytest.raises(
        ConfigurationError, match=r"vision_width: must be a multiple of vision_heads"
    ):
        ModelSizes(vision_width=30)
    with pytest.raises(ConfigurationError, match="vocabulary: must be at least 260"):
        ModelSizes(vocabulary=100)
    with pytest.raises(ConfigurationError, match="brightness: must be at least 0 and below 1"):
        Jitter(brightness=1.0)
    assert not Jitter()
    assert Jitter(shift_px=1)
