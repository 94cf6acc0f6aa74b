"""What every engine is given: the same pictures, state, prompt and noise, from one seed."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.policy.processors import Processors

PICTURE = (480, 640)
PROMPT_TOKENS = 20
# The first is timed, all of them are compared.
MOMENTS = 3
_WORDS = ("pick", " up", " the", " red", " block", " and", " put", " it", " in", " a", " b", "#")


@dataclass(frozen=True, slots=True)
class Moment:
    """One input of a policy; noise is (1, horizon, padded action) on the device."""

    pictures: list[NDArray[np.uint8]]
    positions: FloatArray
    instruction: str
    noise: Tensor


def make_moments(
    views: int,
    joints: int,
    noise_shape: tuple[int, int],
    instruction: str,
    device: torch.device,
    seed: int,
) -> list[Moment]:
    """Pictures of noise, states of standard deviation 0.2."""
    rng = np.random.default_rng(seed)
    return [
        Moment(
            [rng.integers(0, 256, (*PICTURE, 3), dtype=np.uint8) for _ in range(views)],
            0.2 * rng.normal(size=joints),
            instruction,
            torch.from_numpy(rng.normal(size=(1, *noise_shape)).astype(np.float32)).to(device),
        )
        for _ in range(MOMENTS)
    ]


def instruction_of(tokens: int, processors: Processors, joints: int) -> str:
    """A text of exactly so many tokens, the newline that Pi0 adds included.

    Raises:
        ConfigurationError: the checkpoint's tokenizer makes none of them.
    """
    text, state = "", np.zeros(joints)
    while (count := len(processors.tokens(text, state))) < tokens:
        for word in _WORDS[count % len(_WORDS) :] + _WORDS:
            if count < len(processors.tokens(text + word, state)) <= tokens:
                text += word
                break
        else:
            break
    if count != tokens:
        raise ConfigurationError(
            f"the checkpoint's tokenizer gives no prompt of {tokens} tokens (nearest {count})"
        )
    return text
