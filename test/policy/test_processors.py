"""Scaling and tokenizing are the checkpoint's own, complete and on this disk."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from pi0_ros.core.errors import CheckpointError, InputRefused
from pi0_ros.core.observation import Observation
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.policy_config import PolicyConfig

Make = Callable[..., PolicyConfig]
Edit = Callable[[Path, Callable[[dict[str, Any]], None]], None]
Tensors = dict[str, torch.Tensor]

PRE_STATISTICS = "policy_preprocessor_step_6_normalizer_processor.safetensors"
POST_STATISTICS = "policy_postprocessor_step_0_unnormalizer_processor.safetensors"
STATE_STD = "observation.state.std"


def rewrite(path: Path, change: Callable[[Tensors], object]) -> None:
    tensors = {name: value.clone() for name, value in load_file(path).items()}
    change(tensors)
    save_file(tensors, path)


def at(name: str, value: float) -> Callable[[Tensors], object]:
    return lambda tensors: tensors[name].__setitem__(1, value)


@pytest.mark.parametrize(
    ("file", "change", "words"),
    [
        (PRE_STATISTICS, lambda tensors: tensors.pop(STATE_STD), (STATE_STD, "missing")),
        (POST_STATISTICS, lambda tensors: tensors.pop("action.mean"), ("action.mean", "missing")),
        (PRE_STATISTICS, at(STATE_STD, 0.0), (STATE_STD, "no spread at index 1")),
        (POST_STATISTICS, at("action.std", 0.0), ("action.std", "no spread at index 1")),
        (PRE_STATISTICS, at(STATE_STD, -1.0), (STATE_STD, "no spread")),
        (PRE_STATISTICS, at(STATE_STD, float("nan")), (STATE_STD, "not finite")),
        (POST_STATISTICS, at("action.mean", float("inf")), ("action.mean", "not finite")),
        (
            PRE_STATISTICS,
            lambda tensors: tensors.update({STATE_STD: torch.ones(4)}),
            (STATE_STD, "expected length 3"),
        ),
    ],
)
def test_a_statistic_that_cannot_scale_is_named(
    checkpoint: Path,
    config_for: Make,
    file: str,
    change: Callable[[Tensors], object],
    words: tuple[str, ...],
) -> None:
    rewrite(checkpoint / file, change)
    with pytest.raises(CheckpointError) as caught:
        load_policy(config_for(checkpoint))
    assert all(word in str(caught.value) for word in words), caught.value


def drop_state_files(content: dict[str, Any]) -> None:
    for step in content["steps"]:
        step.pop("state_file", None)


def drop_normalizer(content: dict[str, Any]) -> None:
    content["steps"] = [
        step for step in content["steps"] if step["registry_name"] != "normalizer_processor"
    ]


def leave_state_out(content: dict[str, Any]) -> None:
    content["steps"][-1]["config"]["features"].pop("observation.state")


def scale_nothing(content: dict[str, Any]) -> None:
    content["steps"][-1]["config"]["norm_map"]["STATE"] = "IDENTITY"


def take_offsets_for_positions(content: dict[str, Any]) -> None:
    content["steps"][5]["config"]["enabled"] = False


def import_anything(content: dict[str, Any]) -> None:
    content["steps"].append({"class": "some_module.SomeStep", "config": {}})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (drop_state_files, "statistic observation.state.mean is missing"),
        (drop_normalizer, "has no step 'normalizer_processor'"),
        (leave_state_out, "leaves observation.state out"),
        (scale_nothing, "IDENTITY"),
        (take_offsets_for_positions, "RelativeActionsProcessorStep is off .*use_relative_actions"),
        (import_anything, "step that LeRobot does not register"),
    ],
)
def test_a_pipeline_that_would_not_scale_is_refused(
    checkpoint: Path,
    config_for: Make,
    edit_json: Edit,
    change: Callable[[dict[str, Any]], None],
    words: str,
) -> None:
    edit_json(checkpoint / "policy_preprocessor.json", change)
    with pytest.raises(CheckpointError, match=words):
        load_policy(config_for(checkpoint))


def test_a_policy_of_offsets_that_are_never_made_positions_is_refused(
    checkpoint: Path, config_for: Make, edit_json: Edit
) -> None:
    edit_json(checkpoint / "policy_postprocessor.json", lambda content: content["steps"].pop(1))
    with pytest.raises(CheckpointError, match="AbsoluteActionsProcessorStep is off or missing"):
        load_policy(config_for(checkpoint))


@pytest.mark.parametrize(
    "file",
    [
        "policy_preprocessor.json",
        "policy_postprocessor.json",
        PRE_STATISTICS,
        POST_STATISTICS,
        "tokenizer/tokenizer.json",
    ],
)
def test_a_missing_file_is_named(checkpoint: Path, config_for: Make, file: str) -> None:
    (checkpoint / file).unlink()
    with pytest.raises(CheckpointError, match=Path(file).stem):
        load_policy(config_for(checkpoint))


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (PRE_STATISTICS, f"{PRE_STATISTICS}: not a complete safetensors file"),
        ("tokenizer/tokenizer.json", r"LeRobot cannot load .*tokenizer"),
    ],
)
def test_a_damaged_file_is_named(checkpoint: Path, config_for: Make, file: str, words: str) -> None:
    (checkpoint / file).write_text("{")
    with pytest.raises(CheckpointError, match=words):
        load_policy(config_for(checkpoint))


def test_a_tokenizer_of_a_hub_is_never_fetched(
    checkpoint: Path, config_for: Make, edit_json: Edit
) -> None:
    shutil.rmtree(checkpoint / "tokenizer")
    name = "google/paligemma-3b-pt-224"
    edit_json(
        checkpoint / "policy_preprocessor.json",
        lambda content: content["steps"][3]["config"].update(tokenizer_name=name),
    )
    with pytest.raises(CheckpointError) as caught:
        load_policy(config_for(checkpoint))
    for word in (str(checkpoint / "tokenizer"), f"hf download {name}", "tokenizer_path"):
        assert word in str(caught.value)


def test_the_tokenizer_may_lie_elsewhere_on_this_disk(
    checkpoint: Path, config_for: Make, observation: Observation, tmp_path: Path
) -> None:
    expected = load_policy(config_for(checkpoint)).infer(observation)
    elsewhere = tmp_path / "elsewhere"
    (checkpoint / "tokenizer").rename(elsewhere)
    policy = load_policy(config_for(checkpoint, tokenizer_path=elsewhere))
    assert (policy.infer(observation) == expected).all()


def test_an_instruction_that_would_be_cut_is_refused(
    checkpoint: Path, config_for: Make, observation: Observation
) -> None:
    policy = load_policy(config_for(checkpoint))
    # One token per byte where nothing was learnt, and the newline that Pi0 adds.
    policy.check_instruction("#" * 47)
    with pytest.raises(InputRefused, match="49 tokens, the policy takes at most 48") as caught:
        policy.check_instruction("#" * 48)
    assert caught.value.kind == "instruction too long"
    told = Observation(1, observation.images, observation.positions, "#" * 48)
    with pytest.raises(InputRefused):
        policy.infer(told)


def test_an_instruction_beyond_the_vocabulary_is_refused(
    checkpoint: Path, config_for: Make, edit_json: Edit
) -> None:
    def enlarge(content: dict[str, Any]) -> None:
        content["added_tokens"].append(
            {
                "id": 9999,
                "content": "zebra",
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": False,
            }
        )
        content["model"]["vocab"]["zebra"] = 9999

    edit_json(checkpoint / "tokenizer" / "tokenizer.json", enlarge)
    policy = load_policy(config_for(checkpoint))
    policy.check_instruction("go to the red block")
    with pytest.raises(InputRefused) as caught:
        policy.check_instruction("go to the zebra")
    assert caught.value.kind == "instruction unknown"
