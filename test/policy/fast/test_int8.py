"""Weights kept as int8: how far they are off, how much they take, and who refuses them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.observation import Observation
from pi0_ros.policy.fast.guidance import Guidance, soft_mask
from pi0_ros.policy.fast.int8 import Int8Layer, Int8Matrix
from pi0_ros.policy.fast.layers import GemmaLayer
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.policy_config import PolicyConfig

DTYPE = [torch.float32, torch.bfloat16]


@pytest.mark.parametrize("inputs", [0, 1])
def test_no_weight_is_off_by_more_than_half_of_a_127th_of_its_outputs_largest(inputs: int) -> None:
    matrix = torch.randn(30, 40, generator=torch.Generator().manual_seed(1))
    # Outputs of very different sizes, one of them of nothing.
    sizes = torch.logspace(-6, 3, matrix.shape[1 - inputs]).unsqueeze(inputs)
    sizes.select(1 - inputs, 3).zero_()
    matrix = matrix * sizes
    off = (Int8Matrix(matrix, inputs).dense() - matrix).abs()
    largest = matrix.abs().amax(inputs, keepdim=True)
    assert (off <= 0.5001 * largest / 127.0).all()
    assert off.max() > 0.0


@pytest.mark.parametrize("dtype", DTYPE)
def test_a_layer_reads_as_it_was_kept_and_takes_a_byte_a_weight(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(2)
    parts = {
        name: torch.randn(shape, generator=generator).to(dtype)
        for name, shape in {
            "qkv": (64, 96),
            "out": (64, 64),
            "gate_up": (256, 64),
            "down": (128, 64),
        }.items()
    }
    layer = GemmaLayer(norm1=None, norm2=torch.ones(64), **parts)
    kept = Int8Layer(layer)
    assert kept.norm1 is None
    assert kept.norm2 is layer.norm2
    for name, part in parts.items():
        read = getattr(kept, name)
        assert (read.dtype, read.shape) == (part.dtype, part.shape)
        assert (read.float() - part.float()).abs().max() <= 0.02 * part.float().abs().max()
    held = sum(
        tensor.nbytes
        for one in vars(kept).values()
        if isinstance(one, Int8Matrix)
        for tensor in vars(one).values()
    )
    assert held <= 1.1 * sum(part.numel() for part in parts.values())


def test_a_chunk_is_near_that_of_the_weights_it_was_made_of(
    make_model: Callable[..., Any], make_moment: Callable[..., Any], fast: Callable[..., Any]
) -> None:
    model = make_model()
    moment = make_moment(model)
    exact, rounded = fast(model, moment), fast(model, moment, keep=Int8Layer)
    off = float((exact - rounded).abs().max())
    assert 0.0 < off < 0.1 * float(exact.abs().max())
    # Guided by autograd, each matrix is read by another function.
    shape = exact.shape
    guidance = Guidance(torch.zeros(shape), soft_mask(shape[0], 3, 6)[:, None], 5.0, jacobian=True)
    pad = torch.nn.functional.pad(guidance.target, (0, moment.noise.shape[2] - shape[1]))
    guided = Guidance(pad, guidance.weights.expand_as(pad), 5.0, jacobian=True)
    both = [fast(model, moment, guidance=guided, keep=one) for one in (lambda x: x, Int8Layer)]
    assert float((both[0] - both[1]).abs().max()) < 0.1 * float(exact.abs().max())


def test_the_parameter_reaches_the_engine_and_is_off_unless_asked_for(
    trained: Path, config_for: Callable[..., PolicyConfig], observation: Observation
) -> None:
    plain = load_policy(config_for(trained, mode="demo"))
    kept = load_policy(config_for(trained, mode="demo", quantization="int8"))
    off = abs(plain.infer(observation) - kept.infer(observation)).max()
    assert 0.0 < off < 0.1


@pytest.mark.parametrize(
    "changes", [{"quantization": "int4"}, {"quantization": "int8", "engine": "lerobot"}]
)
def test_what_cannot_be_is_refused(
    trained: Path, config_for: Callable[..., PolicyConfig], changes: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError, match="quantization"):
        config_for(trained, mode="demo", **changes)
