"""No policy reads half a prompt, the state's words included."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pi0_ros.core.errors import InputRefused
from pi0_ros.core.observation import Observation
from pi0_ros.policy.interface import Policy
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.prompt import Prompt

Make = Callable[..., PolicyConfig]
Edit = Callable[[Path, Callable[[dict[str, Any]], None]], None]

# One token per character where nothing was learnt. A state of three joints takes most room where
# each is a number of three digits.
TOKENS = 60
AROUND = len("Task: , State: 255 255 255;\nAction: ")
FITS = TOKENS - AROUND
SCALED_MIDDLE = (1.2 - 1.5) / 2


@pytest.fixture
def policy(pi05: Path, config_for: Make, edit_json: Edit) -> Policy:
    def shorten(content: dict[str, Any]) -> None:
        for step in content["steps"]:
            if step["registry_name"] == "tokenizer_processor":
                step["config"]["max_length"] = TOKENS

    edit_json(pi05 / "policy_preprocessor.json", shorten)
    return load_policy(config_for(pi05, engine="lerobot", noise_scale=0.0))


def told(observation: Observation, text: str, position: float = SCALED_MIDDLE) -> Observation:
    return Observation(1, observation.images, np.full(3, position), text)


def test_the_longest_state_must_fit_beside_the_instruction(policy: Policy) -> None:
    policy.check_instruction("#" * FITS)
    with pytest.raises(InputRefused, match=f"{TOKENS + 1} tokens.* at most {TOKENS}") as caught:
        policy.check_instruction("#" * (FITS + 1))
    assert caught.value.kind == "instruction too long"
    assert "instruction and state" in str(caught.value)


def test_an_instruction_that_just_fits_is_read_to_its_end(
    policy: Policy, observation: Observation
) -> None:
    text = "#" * (FITS - 1)
    chunk = policy.infer(told(observation, text + "a"))
    assert not np.array_equal(chunk, policy.infer(told(observation, text + "b")))


def test_one_too_long_is_refused_with_the_observation(
    policy: Policy, observation: Observation
) -> None:
    with pytest.raises(InputRefused):
        policy.infer(told(observation, "#" * (FITS + 1)))


def test_what_was_promised_wrongly_is_found_out(
    policy: Policy, observation: Observation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Prompt, "check", lambda *_: None)
    text = "#" * (FITS + 1)
    with pytest.raises(InputRefused, match=f"{TOKENS + 1} tokens"):
        policy.infer(told(observation, text))
    # Below all that was seen in training, each value is -1: shorter, and whole.
    policy.infer(told(observation, text, position=-9.0))


def test_smolvla_is_not_cut_either(
    smolvla: Path, config_for: Make, observation: Observation
) -> None:
    policy = load_policy(config_for(smolvla, engine="lerobot"))
    # And the newline.
    policy.check_instruction("#" * 47)
    policy.infer(told(observation, "#" * 47))
    with pytest.raises(InputRefused, match="instruction has 49 tokens"):
        policy.check_instruction("#" * 48)
