"""How well a policy does what the examples show, and whether it listens."""

from collections.abc import Callable, Iterable

import numpy as np

from pi0_ros.core.observation import Observation
from pi0_ros.policy.interface import Policy
from pi0_ros.policy.training_samples import TrainingSample


def chunk_error_rad(policy: Policy, samples: Iterable[TrainingSample]) -> float:
    """Root mean square difference between the policy's chunks and the samples' actions, rad."""
    squares = [
        np.mean((policy.infer(_observation(sample, sample.instruction)) - sample.actions) ** 2)
        for sample in samples
    ]
    return float(np.sqrt(np.mean(squares)))


def instruction_effect_rad(
    policy: Policy, samples: Iterable[TrainingSample], other: Callable[[str], str]
) -> float:
    """Mean absolute change of the chunk where only the text changes to `other(text)`, rad."""
    changes = []
    for sample in samples:
        as_told = policy.infer(_observation(sample, sample.instruction))
        otherwise = policy.infer(_observation(sample, other(sample.instruction)))
        changes.append(np.mean(np.abs(as_told - otherwise)))
    return float(np.mean(changes))


def _observation(sample: TrainingSample, instruction: str) -> Observation:
    return Observation(
        stamp_ns=0, images=sample.images, positions=sample.positions, instruction=instruction
    )
