"""What a policy is evaluated under: as it is, without limits, and with something taken away."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from pi0_ros.core.observation import Observation
from pi0_ros.sim.lockstep import Infer
from pi0_ros.sim.reach.scenes import BLOCK_NAMES, ReachScene, instruction_for

AS_IT_IS = "policy"
WITHOUT_LIMITS = "without_limiter"
_GREY = 128


@dataclass(frozen=True, slots=True)
class Condition:
    """One way of running every episode.

    Attributes:
        meaning: one line for the table.
        told: what the policy is told to do in a scene; success is still judged by what the scene
            asks for.
        spoilt: what is done to each observation before the policy sees it.
        limited: whether chunks go through the limiter.
        trained: False for the same model with fresh random weights.
    """

    meaning: str
    told: Callable[[ReachScene], str] = lambda scene: scene.instruction
    spoilt: Callable[[Observation], Observation] = lambda observation: observation
    limited: bool = True
    trained: bool = True

    def infer(self, infer: Infer) -> Infer:
        return lambda observation: infer(self.spoilt(observation))


def _other_block(scene: ReachScene) -> str:
    return instruction_for(next(name for name in BLOCK_NAMES if name != scene.target))


def _nothing_said(observation: Observation) -> Observation:
    return replace(observation, instruction="")


def _nothing_seen(observation: Observation) -> Observation:
    blank = {name: np.full_like(image, _GREY) for name, image in observation.images.items()}
    return replace(observation, images=blank)


BASELINES: Mapping[str, Condition] = MappingProxyType(
    {
        "swapped": Condition("told to go to the other block", told=_other_block),
        "blank_instruction": Condition("told nothing", spoilt=_nothing_said),
        "blank_cameras": Condition("shown grey pictures", spoilt=_nothing_seen),
        "untrained": Condition("the same model with random weights", trained=False),
    }
)
CONDITIONS: Mapping[str, Condition] = MappingProxyType(
    {
        AS_IT_IS: Condition("as it is"),
        WITHOUT_LIMITS: Condition("chunks sent to the arm as they come", limited=False),
        **BASELINES,
    }
)
