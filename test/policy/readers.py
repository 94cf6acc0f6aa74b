"""Small Pi0.5 and SmolVLA checkpoints with random weights, saved by LeRobot."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lerobot.configs import FeatureType, PolicyFeature
from lerobot.policies.factory import make_pre_post_processors
from lerobot.policies.pi05 import modeling_pi05, processor_pi05
from lerobot.policies.pi05.configuration_pi05 import PI05Config
from lerobot.policies.smolvla import processor_smolvla
from lerobot.policies.smolvla.configuration_smolvla import SmolVLAConfig
from lerobot.policies.smolvla.modeling_smolvla import SmolVLAPolicy
from lerobot.processor import TokenizerProcessorStep
from transformers import SmolVLMConfig

from pi0_ros.policy.demo_tokenizer import save_tokenizer

CAMERAS, JOINTS, ROWS, PICTURE = ("main", "side"), 3, 8, (48, 64)
TEXTS = ("go to the red block", "go to the blue block")
VOCABULARY = 320
_IMAGE_TOKENS = ("<fake_token_around_image>", "<global-img>", "<image>", "<end_of_utterance>")
_Size = Callable[..., Any]


def shrink_pi05(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pi0.5 has no field for its sizes: from here on its constructor makes small ones."""
    towers = modeling_pi05.PaliGemmaForConditionalGenerationWithPiGemma
    expert = modeling_pi05.PiGemmaForCausalLM

    def sizes(variant: str) -> Any:
        width = 32 if variant == "gemma_300m" else 64
        return modeling_pi05.GemmaConfig(width, 2, 64, 8, 1, 16)

    def small_towers(config: Any) -> Any:
        vision = config.vision_config
        vision.hidden_size, vision.intermediate_size = 32, 64
        vision.num_hidden_layers, vision.num_attention_heads = 2, 4
        vision.patch_size, vision.projection_dim = 28, 64
        config.projection_dim = 64
        config.text_config.vocab_size = config._vocab_size = config.image_token_index = VOCABULARY
        return towers(config=config)

    def small_expert(config: Any) -> Any:
        config.vocab_size = VOCABULARY
        return expert(config=config)

    monkeypatch.setattr(modeling_pi05, "get_gemma_config", sizes)
    monkeypatch.setattr(modeling_pi05, "PaliGemmaForConditionalGenerationWithPiGemma", small_towers)
    monkeypatch.setattr(modeling_pi05, "PiGemmaForCausalLM", small_expert)


def make_pi05(folder: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Only where the constructor makes small models."""
    config = PI05Config(**{**_features(), "image_resolution": (56, 56), **changes})
    save_tokenizer(TEXTS, VOCABULARY, folder / "tokenizer")
    torch.manual_seed(6)
    policy = modeling_pi05.PI05Policy(config)
    for parameter in policy.parameters():
        torch.nn.init.normal_(parameter, 0.0, 0.1)
    numbers = {"q01": torch.full((JOINTS,), -1.5), "q99": torch.full((JOINTS,), 1.2)}
    _save(folder, policy, processor_pi05, numbers, monkeypatch)


def make_smolvla(folder: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """With a language model of two layers; sizes are those of its configuration."""
    vlm = folder / "tokenizer"
    save_tokenizer(TEXTS, VOCABULARY - len(_IMAGE_TOKENS), vlm)
    _add_image_tokens(vlm)
    text = {
        "hidden_size": 64,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "vocab_size": VOCABULARY,
        "pad_token_id": 0,
        "model_type": "llama",
    }
    vision = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "image_size": 64,
        "patch_size": 16,
    }
    SmolVLMConfig(
        text_config=text, vision_config=vision, scale_factor=2, image_token_id=VOCABULARY - 2
    ).save_pretrained(vlm)
    kinds = {
        "image_processor_type": "SmolVLMImageProcessor",
        "processor_class": "SmolVLMProcessor",
        "video_processor_type": "SmolVLMVideoProcessor",
    }
    (vlm / "preprocessor_config.json").write_text(json.dumps(kinds))
    values = {
        "vlm_model_name": str(vlm),
        "num_vlm_layers": 2,
        "resize_imgs_with_padding": (64, 64),
        **changes,
    }
    config = SmolVLAConfig(**{**_features(), **values})
    torch.manual_seed(7)
    policy = SmolVLAPolicy(config)
    for parameter in policy.parameters():
        torch.nn.init.normal_(parameter, 0.0, 0.1)
    # As a training run leaves them: a name on a hub, and weights to be had from there.
    config.vlm_model_name, config.load_vlm_weights = "nobody/nothing", True
    numbers = {"mean": torch.full((JOINTS,), 0.2), "std": torch.full((JOINTS,), 0.5)}
    _save(folder, policy, processor_smolvla, numbers, monkeypatch)


def _features() -> dict[str, Any]:
    picture = PolicyFeature(FeatureType.VISUAL, (3, *PICTURE))
    return {
        "input_features": {
            **{f"observation.images.{camera}": picture for camera in CAMERAS},
            "observation.state": PolicyFeature(FeatureType.STATE, (JOINTS,)),
        },
        "output_features": {"action": PolicyFeature(FeatureType.ACTION, (JOINTS,))},
        "device": "cpu",
        "chunk_size": ROWS,
        "n_action_steps": ROWS,
        "max_state_dim": 6,
        "max_action_dim": 6,
    }


def _add_image_tokens(folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_special_tokens({"additional_special_tokens": list(_IMAGE_TOKENS)})
    tokenizer.save_pretrained(folder)
    path = folder / "tokenizer_config.json"
    content = json.loads(path.read_text())
    content["extra_special_tokens"] = {
        "fake_image_token": _IMAGE_TOKENS[0],
        "global_image_token": _IMAGE_TOKENS[1],
        "image_token": _IMAGE_TOKENS[2],
        "end_of_utterance_token": _IMAGE_TOKENS[3],
    }
    path.write_text(json.dumps(content))


def _save(
    folder: Path,
    policy: Any,
    processors: Any,
    numbers: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def tokenizer_here(tokenizer_name: str, **options: Any) -> Any:
        step = TokenizerProcessorStep(tokenizer_name=str(folder / "tokenizer"), **options)
        step.tokenizer_name = tokenizer_name
        return step

    policy.save_pretrained(folder)
    with monkeypatch.context() as patch:
        patch.setattr(processors, "TokenizerProcessorStep", tokenizer_here)
        pipelines = make_pre_post_processors(
            policy.config, dataset_stats={"observation.state": numbers, "action": numbers}
        )
    for pipeline in pipelines:
        pipeline.save_pretrained(folder)
