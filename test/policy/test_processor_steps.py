"""Pi0.5 reads its state in words: it must be there, scaled, and in the right place."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from pi0_ros.core.errors import CheckpointError
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.policy_config import PolicyConfig

Make = Callable[..., PolicyConfig]
Edit = Callable[[Path, Callable[[dict[str, Any]], None]], None]
WRITER = "pi05_prepare_state_tokenizer_processor_step"


def place_of(content: dict[str, Any], name: str) -> int:
    return [step["registry_name"] for step in content["steps"]].index(name)


def drop_writer(content: dict[str, Any]) -> None:
    content["steps"].pop(place_of(content, WRITER))


def write_before_scaling(content: dict[str, Any]) -> None:
    steps = content["steps"]
    steps.insert(place_of(content, "normalizer_processor"), steps.pop(place_of(content, WRITER)))


def write_twice(content: dict[str, Any]) -> None:
    place = place_of(content, WRITER)
    content["steps"].insert(place, content["steps"][place])


def add_newline(content: dict[str, Any]) -> None:
    step = {"registry_name": "smolvla_new_line_processor", "config": {}}
    content["steps"].insert(place_of(content, "tokenizer_processor"), step)


@pytest.mark.parametrize("change", [drop_writer, write_before_scaling, write_twice, add_newline])
def test_steps_that_would_write_another_prompt_are_refused(
    pi05: Path, config_for: Make, edit_json: Edit, change: Callable[[dict[str, Any]], None]
) -> None:
    edit_json(pi05 / "policy_preprocessor.json", change)
    with pytest.raises(CheckpointError, match="fed through NormalizerProcessorStep, Pi05Prepare"):
        load_policy(config_for(pi05, engine="lerobot"))


def test_smolvla_needs_its_newline(smolvla: Path, config_for: Make, edit_json: Edit) -> None:
    def drop(content: dict[str, Any]) -> None:
        content["steps"].pop(place_of(content, "smolvla_new_line_processor"))

    edit_json(smolvla / "policy_preprocessor.json", drop)
    with pytest.raises(CheckpointError, match="fed through NewLineTaskProcessorStep"):
        load_policy(config_for(smolvla, engine="lerobot"))


def test_a_state_in_words_that_is_not_scaled_is_refused(
    pi05: Path, config_for: Make, edit_json: Edit
) -> None:
    def in_file(content: dict[str, Any]) -> None:
        step = content["steps"][place_of(content, "normalizer_processor")]
        step["config"]["norm_map"]["STATE"] = "IDENTITY"

    edit_json(pi05 / "policy_preprocessor.json", in_file)
    edit_json(
        pi05 / "config.json",
        lambda content: content["normalization_mapping"].update(STATE="IDENTITY"),
    )
    with pytest.raises(CheckpointError, match="state is not scaled"):
        load_policy(config_for(pi05, engine="lerobot"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda tensors: tensors.pop("observation.state.q01"), "state.q01 is missing"),
        (lambda tensors: tensors.pop("observation.state.q99"), "state.q99 is missing"),
        (lambda tensors: tensors["observation.state.q01"].fill_(1.2), "q99 has no spread"),
        (lambda tensors: tensors["observation.state.q01"].fill_(9.0), "q99 has no spread"),
        (
            lambda tensors: tensors["observation.state.q99"].fill_(float("nan")),
            "state.q99 has values that are not finite",
        ),
        (
            lambda tensors: tensors.update({"observation.state.q99": torch.ones(32)}),
            "expected length 3",
        ),
    ],
)
def test_quantiles_that_cannot_scale_are_named(
    pi05: Path, config_for: Make, change: Callable[[dict[str, Any]], object], words: str
) -> None:
    (path,) = pi05.glob("policy_preprocessor_step_*_normalizer_processor.safetensors")
    tensors = {name: value.clone() for name, value in load_file(path).items()}
    change(tensors)
    save_file(tensors, path)
    with pytest.raises(CheckpointError, match=words):
        load_policy(config_for(pi05, engine="lerobot"))
