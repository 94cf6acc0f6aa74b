"""How the expert is told where on the flow from noise to actions it is."""

import math

import torch
from torch import Tensor

from pi0_ros.policy.fast.sizes import Pi0Sizes


def time_embeddings(sizes: Pi0Sizes, steps: int, device: torch.device) -> Tensor:
    """Sine-cosine embedding of each Euler step's flow time, shape (steps, expert width), float32.

    Flow time runs from 1 (noise) to 0 in equal steps, in float32 as LeRobot hands it on.
    Formula: openpi's `posemb_sincos`, with periods between min_period and max_period.
    """
    half = sizes.expert.width // 2
    time = torch.tensor([1.0 - step / steps for step in range(steps)], dtype=torch.float32)
    fraction = torch.linspace(0.0, 1.0, half, dtype=torch.float64)
    period = sizes.min_period * (sizes.max_period / sizes.min_period) ** fraction
    angle = time.double()[:, None] * (2.0 * math.pi / period)
    return torch.cat([angle.sin(), angle.cos()], dim=1).float().to(device)
