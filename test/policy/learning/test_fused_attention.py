"""The fused kernel computes what LeRobot's written-out attention computes."""

from pathlib import Path

import pytest
import torch
from lerobot.policies.pi0.modeling_pi0 import PI0Policy
from transformers.models.gemma import modeling_gemma

from pi0_ros.policy.learning.fused_attention import fused_attention
from pi0_ros.policy.learning.loop import seeded
from pi0_ros.policy.learning.recording import Recording
from pi0_ros.policy.learning.start import prepare

from .conftest import RECIPE


def loss_and_gradient(policy: PI0Policy, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    with seeded(1, threads=1):
        loss, _ = policy.forward(batch)
    policy.zero_grad()
    loss.backward()
    gradients = [p.grad.flatten() for p in policy.parameters() if p.grad is not None]
    return torch.cat([loss.detach()[None], *gradients])


@pytest.fixture
def batch_and_policy(
    recorded: Recording, tmp_path: Path
) -> tuple[dict[str, torch.Tensor], PI0Policy]:
    with seeded(0, threads=1):
        start = prepare(recorded, RECIPE, None, torch.device("cpu"), tmp_path)
        side = RECIPE.picture_side
        pictures = {camera: torch.rand(8, 3, side, side) for camera in recorded.cameras}
    return {**{key: value[:8] for key, value in start.others.items()}, **pictures}, start.policy


def test_loss_and_gradients_are_the_same(
    batch_and_policy: tuple[dict[str, torch.Tensor], PI0Policy],
) -> None:
    batch, policy = batch_and_policy
    plain = loss_and_gradient(policy, batch)
    with fused_attention():
        fused = loss_and_gradient(policy, batch)
    assert float((plain - fused).norm()) < 1e-5 * float(plain.norm())
    assert not torch.equal(plain, fused)


def test_afterwards_the_attention_is_transformers_own_again() -> None:
    before = modeling_gemma.eager_attention_forward

    def fail() -> None:
        assert modeling_gemma.eager_attention_forward is not before
        raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"), fused_attention():
        fail()
    assert modeling_gemma.eager_attention_forward is before
