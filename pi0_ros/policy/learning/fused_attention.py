"""Pi0's attention by torch's fused kernel while training: the same sums, half the time.

LeRobot's Pi0 writes out attention weights of every head and pair of tokens. For a model as narrow
as pi0_tiny that is most of a training step; the fused kernel never writes them. Loss and gradients
agree to float rounding.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers.models.gemma import modeling_gemma


@contextmanager
def fused_attention() -> Iterator[None]:
    """Within: Pi0's `forward` uses the fused kernel. For one thread at a time."""
    original = modeling_gemma.eager_attention_forward
    modeling_gemma.eager_attention_forward = _attention
    try:
        yield
    finally:
        modeling_gemma.eager_attention_forward = original


def _attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor,
    scaling: float,
) -> tuple[torch.Tensor, None]:
    """As transformers' `eager_attention_forward`, as far as Pi0 uses it: no dropout.

    Args:
        query: shape (batch, heads, tokens, head_dim).
        key, value: shape (batch, key heads, tokens, head_dim); heads is a multiple of theirs.
        attention_mask: what is added to the weights, shape (batch, 1, tokens, tokens).

    Returns:
        Shape (batch, tokens, heads, head_dim), and no weights.
    """
    repeats = module.num_key_value_groups
    out = scaled_dot_product_attention(
        query,
        key.repeat_interleave(repeats, dim=1),
        value.repeat_interleave(repeats, dim=1),
        attn_mask=attention_mask,
        scale=scaling,
    )
    return out.transpose(1, 2).contiguous(), None
