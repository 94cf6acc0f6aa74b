"""One flow step that autograd can follow: the arithmetic of `model.py`, writing over nothing.

Only the actions are followed. Weights and the keys and values of pictures, prompt and state are
constants, so going back costs no more than about the way forward.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from pi0_ros.policy.fast.layers import Layer, Pi0Weights
from pi0_ros.policy.fast.sizes import Tower


def traced_velocity(
    x: Tensor,
    weights: Pi0Weights,
    tower: Tower,
    time: Tensor,
    turns: Tensor,
    before: Sequence[Tensor],
) -> Tensor:
    """The flow's velocity at the actions x.

    Args:
        x: float32 (horizon, padded action).
        time: what the flow time adds to the expert's input, (expert width,).
        turns: RoPE of the actions' places, complex64 (horizon, heads + 2, head_dim / 2).
        before: per layer, key and value of everything before the actions, (places, 2, head_dim).

    Returns:
        float32 (horizon, padded action).
    """
    mixed = functional.silu(torch.addmm(time, x, weights.action_in))
    rows = torch.addmm(weights.action_mlp[1], mixed, weights.action_mlp[0])
    for layer, cache in zip(weights.expert, before, strict=True):
        rows = _layer(rows, layer, tower, turns, cache)
    h = functional.rms_norm(rows, rows.shape[-1:], None, tower.eps)
    return torch.addmm(weights.action_out[1], h, weights.action_out[0])


def _layer(x: Tensor, layer: Layer, tower: Tower, turns: Tensor, cache: Tensor) -> Tensor:
    rows = x.shape[0]
    h = functional.rms_norm(x, x.shape[-1:], layer.norm1, tower.eps)
    qkv, out, gate_up, down = layer.qkv, layer.out, layer.gate_up, layer.down
    flat = torch.mm(h.to(qkv.dtype), qkv).float()
    pairs = torch.view_as_complex(flat.view(rows, tower.heads + 2, -1, 2))
    turned = torch.view_as_real(pairs * turns).flatten(2).to(cache.dtype)
    q = turned[:, : tower.heads].flatten(0, 1)
    k, v = torch.cat([cache, turned[:, tower.heads :]]).unbind(1)
    seen = functional.scaled_dot_product_attention(q[None, None], k[None, None], v[None, None])
    x = x + torch.mm(seen.view(rows, -1).to(out.dtype), out)
    h = functional.rms_norm(x, x.shape[-1:], layer.norm2, tower.eps)
    gate, up = torch.mm(gate_up, h.to(gate_up.dtype).t()).chunk(2)
    mixed = (functional.gelu(gate, approximate="tanh") * up).t()
    return x + torch.mm(mixed.to(down.dtype), down)
