"""LeRobot's own Pi0 at the sizes of a PI0TinyConfig.

Pi0's constructor takes its sizes from three names of its module. They are replaced while it runs
and only then; everything the model does afterwards is LeRobot's code, unchanged.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lerobot.policies.pi0 import modeling_pi0
from lerobot.policies.pi0.modeling_pi0 import PI0Policy

from pi0_ros.policy.configuration_pi0_tiny import PI0TinyConfig

# Pi0 writes this number into its attention: 8 heads.
_HEADS = 8
_CONSTRUCTION = threading.Lock()


class PI0TinyPolicy(PI0Policy):
    """PI0Policy with small towers."""

    config_class = PI0TinyConfig
    name = "pi0_tiny"

    def __init__(self, config: PI0TinyConfig, **kwargs: Any) -> None:
        with _CONSTRUCTION, sizes_of(config):
            super().__init__(config, **kwargs)


@contextmanager
def sizes_of(config: PI0TinyConfig) -> Iterator[None]:
    """Within, Pi0's constructor builds the sizes of `config`; for one thread at a time."""
    replacements = {
        "get_gemma_config": lambda variant: _tower_sizes(config, variant),
        "PaliGemmaForConditionalGenerationWithPiGemma": _with_small_vision(config),
        "PiGemmaForCausalLM": _with_small_vocabulary(config),
    }
    originals = {name: getattr(modeling_pi0, name) for name in replacements}
    try:
        for name, replacement in replacements.items():
            setattr(modeling_pi0, name, replacement)
        yield
    finally:
        for name, original in originals.items():
            setattr(modeling_pi0, name, original)


def _tower_sizes(config: PI0TinyConfig, variant: str) -> modeling_pi0.GemmaConfig:
    is_expert = variant == config.action_expert_variant
    return modeling_pi0.GemmaConfig(
        width=config.expert_width if is_expert else config.width,
        depth=config.depth,
        mlp_dim=config.expert_mlp_width if is_expert else config.mlp_width,
        num_heads=_HEADS,
        num_kv_heads=1,
        head_dim=config.head_dim,
    )


def _with_small_vision(sizes: PI0TinyConfig) -> Any:
    original = modeling_pi0.PaliGemmaForConditionalGenerationWithPiGemma

    def build(config: Any) -> Any:
        vision = config.vision_config
        vision.hidden_size = sizes.vision_width
        vision.intermediate_size = sizes.vision_mlp_width
        vision.num_hidden_layers = sizes.vision_depth
        vision.num_attention_heads = sizes.vision_heads
        vision.patch_size = sizes.vision_patch
        vision.projection_dim = sizes.width
        config.projection_dim = sizes.width
        config.text_config.vocab_size = sizes.vocabulary
        config._vocab_size = sizes.vocabulary
        # Pi0 embeds images itself and never looks this token up.
        config.image_token_index = sizes.vocabulary
        return original(config=config)

    return build


def _with_small_vocabulary(sizes: PI0TinyConfig) -> Any:
    original = modeling_pi0.PiGemmaForCausalLM

    def build(config: Any) -> Any:
        config.vocab_size = sizes.vocabulary
        return original(config=config)

    return build
