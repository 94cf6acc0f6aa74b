"""Batches, and the jitter of their pictures."""

import numpy as np
import pytest
import torch

from pi0_ros.policy.learning.examples import Examples, jittered
from pi0_ros.policy.learning.recipe import Jitter

CPU = torch.device("cpu")


@pytest.fixture
def examples() -> Examples:
    pictures = torch.rand((6, 3, 8, 8), generator=torch.Generator().manual_seed(0))
    pictures[:, :, 0] = 0.0
    return Examples(
        {"observation.images.main": pictures.half()}, {"action": torch.arange(6.0)}, (4, 2)
    )


def test_a_batch_is_the_rows_asked_for(examples: Examples) -> None:
    batch = examples.batch([4, 1], CPU, Jitter(), (0, 1))
    assert batch["action"].tolist() == [4.0, 1.0]
    assert batch["observation.images.main"].dtype == torch.float32
    assert len(examples) == 6
    assert examples.episode_ends.tolist() == [4, 6]


def test_jitter_is_off_by_default_and_the_seeds_otherwise(examples: Examples) -> None:
    def picture(jitter: Jitter, *seed: int) -> torch.Tensor:
        return examples.batch([2], CPU, jitter, seed)["observation.images.main"]

    strong = Jitter(brightness=0.2, contrast=0.2, shift_px=1)
    assert torch.equal(picture(Jitter(), 0, 1), picture(Jitter(), 0, 2))
    assert torch.equal(picture(strong, 0, 1), picture(strong, 0, 1))
    assert not torch.equal(picture(strong, 0, 1), picture(strong, 0, 2))


def test_light_stays_within_its_bounds_and_leaves_the_letterbox_black() -> None:
    pictures = torch.full((50, 3, 8, 8), 0.5)
    pictures[:, :, :2] = 0.0
    changed = jittered(pictures, Jitter(brightness=0.2, contrast=0.3), np.random.default_rng(0))
    assert torch.all(changed[:, :, :2] == 0.0)
    lit = changed[:, :, 2:]
    assert 0.4 <= float(lit.min()) < 0.45
    assert 0.55 < float(lit.max()) <= 0.6


def test_a_shift_moves_the_picture_and_repeats_its_edge() -> None:
    pictures = torch.arange(1.0, 65.0).reshape(1, 1, 8, 8).repeat(40, 3, 1, 1) / 100
    moved = jittered(pictures, Jitter(shift_px=2), np.random.default_rng(1))
    found = set()
    for picture in moved:
        candidates = {
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if torch.allclose(
                picture,
                pictures[0][:, (torch.arange(8) + down).clamp(0, 7)][
                    :, :, (torch.arange(8) + right).clamp(0, 7)
                ],
            )
        }
        assert len(candidates) == 1
        found |= candidates
    assert len(found) > 10
