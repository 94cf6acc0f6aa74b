"""What a policy reads: the instruction, and in some policies the arm's state in words."""

from collections.abc import Sequence
from typing import Any

import torch
from lerobot.lerobot_types import TransitionKey
from lerobot.policies.pi05.processor_pi05 import Pi05PrepareStateTokenizerProcessorStep
from lerobot.processor import (
    ComplementaryDataProcessorStep,
    ProcessorStep,
    TokenizerProcessorStep,
)
from lerobot.processor.converters import create_transition
from lerobot.utils.constants import OBS_LANGUAGE_ATTENTION_MASK, OBS_STATE

from pi0_ros.core.errors import InputRefused

# Pi0.5 writes each scaled value as one of 256 numbers, and what is below -1 as -1.
_LEVELS = 256
_WRITERS = (ComplementaryDataProcessorStep, Pi05PrepareStateTokenizerProcessorStep)


class Prompt:
    """The steps of a preprocessor that write the prompt, and the tokenizer that reads it.

    Args:
        steps: of the preprocessor, one of them the tokenizer's.
        joints: values of a state.
    """

    def __init__(self, steps: Sequence[ProcessorStep], joints: int) -> None:
        place = next(i for i, step in enumerate(steps) if isinstance(step, TokenizerProcessorStep))
        self._tokenizer = steps[place]
        self._writers = [step for step in steps[:place] if isinstance(step, _WRITERS)]
        self._writes_state = any(
            isinstance(step, Pi05PrepareStateTokenizerProcessorStep) for step in self._writers
        )
        self._state = self._longest_state(joints) if self._writes_state else torch.zeros(1, joints)

    def check(self, instruction: str, vocabulary: int) -> None:
        """Tokenizes without cutting, with the state that takes most room where one is written.

        Args:
            vocabulary: tokens that the policy knows: 0 to vocabulary - 1.

        Raises:
            InputRefused: kind "instruction too long" or "instruction unknown".
        """
        tokens = self._tokens(self._written(instruction, self._state))
        if len(tokens) > self._tokenizer.max_length:
            raise self._too_long(len(tokens))
        if any(not 0 <= token < vocabulary for token in tokens):
            raise InputRefused(
                "instruction unknown",
                f"instruction {instruction[:40]!r} has tokens beyond the policy's {vocabulary}",
            )

    def require_whole(self, batch: dict[str, Any]) -> None:
        """Whether the prompt that the preprocessor made is in `batch` to its end.

        `check` promises it for any state as long as a tokenizer takes no more room for different
        numbers than for the longest one again and again, which none has to.

        Raises:
            InputRefused: kind "instruction too long".
        """
        longest = self._tokenizer.max_length
        if int(batch[OBS_LANGUAGE_ATTENTION_MASK].sum()) < longest:
            return
        (text,) = batch["task"]
        came = len(self._tokens(text))
        if came > longest:
            raise self._too_long(came)

    def _longest_state(self, joints: int) -> torch.Tensor:
        levels = torch.arange(-1, _LEVELS)
        values = -1.0 + (levels + 0.5) * (2.0 / _LEVELS)
        states = values[:, None].expand(-1, joints)
        lengths = [len(self._tokens(self._written("", state[None]))) for state in states]
        longest = max(range(len(lengths)), key=lengths.__getitem__)
        return states[longest][None].clone()

    def _written(self, instruction: str, state: torch.Tensor) -> str:
        transition = create_transition(
            {OBS_STATE: state}, complementary_data={"task": [instruction]}
        )
        for step in self._writers:
            transition = step(transition)
        (text,) = transition[TransitionKey.COMPLEMENTARY_DATA]["task"]
        return str(text)

    def _tokens(self, text: str) -> list[int]:
        tokens: list[int] = self._tokenizer.input_tokenizer(text, truncation=False)["input_ids"]
        return tokens

    def _too_long(self, came: int) -> InputRefused:
        who = "instruction and state have" if self._writes_state else "instruction has"
        return InputRefused(
            "instruction too long",
            f"{who} {came} tokens, the policy takes at most {self._tokenizer.max_length}: say it "
            "shorter",
        )
