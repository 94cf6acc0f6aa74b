"""The arithmetic of real-time chunking: what pulls a chunk toward the one before, and how much.

Method: Black, Galliker, Levine, "Real-Time Execution of Action Chunking Flow Policies",
arXiv 2506.07339, with its equations' numbers below. Flow time runs from 1 (noise) to 0 (actions)
here, as in LeRobot; the paper's tau is 1 minus it.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Guidance:
    """What a chunk is to agree with.

    Attributes:
        target: the chunk before, from this chunk's first row on, normalised, float32
            (horizon, joints); rows that it has not are 0 and weigh nothing.
        weights: of each row, float32 (horizon, 1), 0 to 1.
        max_weight: the paper's beta.
        jacobian: whether the distance is carried back through the network (the paper's method), or
            taken as it is (identity).
    """

    target: Tensor
    weights: Tensor
    max_weight: float
    jacobian: bool


def soft_mask(horizon: int, frozen: int, guided: int) -> Tensor:
    """Weight of each row of a chunk, float32 (horizon,): equation 5.

    1 for rows that play before the chunk takes over, then falling exponentially over those that
    are guided, 0 for the rest.

    Args:
        frozen: rows of the first kind; at most `guided` of them have something to agree with.
        guided: rows of the first and the second kind.
    """
    row = torch.arange(horizon, dtype=torch.float64)
    left = ((guided - row) / max(1, guided - frozen + 1)).clamp(0.0, 1.0)
    weights = left * torch.expm1(left) / math.expm1(1.0)
    weights[: max(0, min(frozen, guided))] = 1.0
    weights[max(0, guided) :] = 0.0
    return weights.float()


def guidance_weight(time: float, max_weight: float) -> float:
    """The factor of the correction at flow time `time`: equation 2, with r from equation 4.

    (1 - tau) / (tau r^2) with r^2 = (1 - tau)^2 / (tau^2 + (1 - tau)^2), clipped at `max_weight`.
    """
    tau = 1.0 - time
    if tau <= 0.0 or time <= 0.0:
        return max_weight
    return min(max_weight, (tau * tau + time * time) / (tau * time))


def closing_weight(time: float, max_weight: float) -> float:
    """The factor of the last correction where the Jacobian is taken as the identity.

    Not the paper's: the step from `time` to 0 ends at the estimate plus `time` times the
    correction, so that with 1 / time a row of weight 1 ends on the chunk before. Equation 2 would
    leave a tenth of the distance at ten steps, for nothing in return.
    """
    return min(max_weight, 1.0 / time)
