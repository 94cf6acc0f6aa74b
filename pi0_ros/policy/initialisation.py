"""Where a small Pi0 begins."""

import math

import torch
from lerobot.policies.pi0.modeling_pi0 import PI0Policy

# What adds to a residual stream.
_RESIDUAL = ("o_proj", "down_proj", "out_proj", "fc2")


def scale_to_width(policy: PI0Policy) -> None:
    """Starts every linear layer of the towers with outputs as large as its inputs.

    transformers starts all of them at a deviation of 0.02, made for widths of thousands: at 64,
    signals vanish on the way and the first hundreds of steps only make up for it. What adds to a
    residual stream starts at half of that.
    """
    for name, layer in policy.model.paligemma_with_expert.named_modules():
        if isinstance(layer, torch.nn.Linear) and not name.endswith("lm_head"):
            share = 0.5 if name.endswith(_RESIDUAL) else 1.0
            torch.nn.init.normal_(layer.weight, std=share / math.sqrt(layer.in_features))
