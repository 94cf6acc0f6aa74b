"""SmolVLA's language model is described by files of this disk alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers.models.smolvlm import processing_smolvlm

from pi0_ros.core.errors import CheckpointError, ConfigurationError
from pi0_ros.core.observation import Observation
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.policy_config import PolicyConfig

Make = Callable[..., PolicyConfig]
Edit = Callable[[Path, Callable[[dict[str, Any]], None]], None]


@pytest.fixture
def smolvla_config(config_for: Make) -> Make:
    def make(path: Path, **changes: object) -> PolicyConfig:
        return config_for(path, **{"engine": "lerobot", "noise_scale": 0.0, **changes})

    return make


@pytest.mark.parametrize("name", ["config.json", "preprocessor_config.json"])
def test_a_missing_file_is_named_with_the_way_to_get_it(
    smolvla: Path, smolvla_config: Make, name: str
) -> None:
    (smolvla / "tokenizer" / name).unlink()
    with pytest.raises(CheckpointError) as caught:
        load_policy(smolvla_config(smolvla))
    for words in (name, "hf download nobody/nothing", "tokenizer_path"):
        assert words in str(caught.value)


def test_the_folder_may_lie_elsewhere_on_this_disk(
    smolvla: Path, smolvla_config: Make, observation: Observation, tmp_path: Path
) -> None:
    expected = load_policy(smolvla_config(smolvla)).infer(observation)
    elsewhere = tmp_path / "elsewhere"
    (smolvla / "tokenizer").rename(elsewhere)
    policy = load_policy(smolvla_config(smolvla, tokenizer_path=elsewhere))
    assert np.array_equal(policy.infer(observation), expected)


def test_another_kind_of_language_model_is_refused(
    smolvla: Path, smolvla_config: Make, edit_json: Edit
) -> None:
    edit_json(
        smolvla / "tokenizer" / "config.json", lambda content: content.update(model_type="llama")
    )
    with pytest.raises(CheckpointError, match="'smolvlm', got 'llama'"):
        load_policy(smolvla_config(smolvla))


def test_one_of_another_size_is_refused(
    smolvla: Path, smolvla_config: Make, edit_json: Edit
) -> None:
    edit_json(
        smolvla / "tokenizer" / "config.json",
        lambda content: content["text_config"].update(intermediate_size=32),
    )
    with pytest.raises(CheckpointError, match="has shape"):
        load_policy(smolvla_config(smolvla))


@pytest.mark.parametrize(
    "name", ["config.json", "preprocessor_config.json", "processor_config.json"]
)
def test_code_of_its_own_is_never_run(smolvla: Path, smolvla_config: Make, name: str) -> None:
    path = smolvla / "tokenizer" / name
    content = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**content, "auto_map": {"AutoProcessor": "evil.Processor"}}))
    with pytest.raises(CheckpointError, match="auto_map"):
        load_policy(smolvla_config(smolvla))


def test_a_library_that_is_missing_is_named(
    smolvla: Path, smolvla_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processing_smolvlm, "num2words", None)
    with pytest.raises(CheckpointError, match="num2words"):
        load_policy(smolvla_config(smolvla))


def test_a_precision_it_does_not_have_cannot_be_asked_for(
    smolvla: Path, smolvla_config: Make
) -> None:
    with pytest.raises(ConfigurationError, match="precision"):
        load_policy(smolvla_config(smolvla, precision="bfloat16"))


def test_pictures_of_another_size_only_where_that_is_wanted(
    smolvla: Path, smolvla_config: Make
) -> None:
    load_policy(smolvla_config(smolvla, image_shape=(24, 32), allow_image_resize=True))
    with pytest.raises(CheckpointError, match="allow_image_resize"):
        load_policy(smolvla_config(smolvla, image_shape=(24, 32)))
