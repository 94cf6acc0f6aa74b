"""The policy type `pi0_tiny`: Pi0 with its sizes as fields of the configuration.

The module's name and the class's follow LeRobot's convention for policy types (configuration_x,
modeling_x, XConfig, XPolicy), so that LeRobot's own factory finds the policy, too.
"""

from dataclasses import dataclass

from lerobot.configs import PreTrainedConfig
from lerobot.policies.pi0.configuration_pi0 import PI0Config


@PreTrainedConfig.register_subclass("pi0_tiny")
@dataclass
class PI0TinyConfig(PI0Config):
    """As PI0Config, with the sizes that Pi0 fixes in code.

    Attributes:
        vocabulary: rows of the token embedding.
        depth: layers of the language model and of the action expert, which attend to each other
            layer by layer.
        head_dim: width of each of the 8 attention heads.
        width, mlp_width: of the language model.
        expert_width, expert_mlp_width: of the action expert.
        vision_width, vision_mlp_width, vision_depth, vision_heads: of the vision tower.
        vision_patch: pixels of the square patches that a picture is cut into, one token each.
        inference_noise_scale: standard deviation of the noise that chunks are best started from.
            A small model leaves a trace of each row's noise in its chunk; from 0, the middle of
            the noise, chunks come out smooth.
    """

    vocabulary: int = 512
    depth: int = 2
    head_dim: int = 16
    width: int = 64
    mlp_width: int = 128
    expert_width: int = 64
    expert_mlp_width: int = 256
    vision_width: int = 32
    vision_mlp_width: int = 64
    vision_depth: int = 2
    vision_heads: int = 4
    vision_patch: int = 28
    inference_noise_scale: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("vocabulary", "depth", "head_dim", "width", "mlp_width", "expert_width"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.paligemma_variant == self.action_expert_variant:
            raise ValueError("paligemma_variant and action_expert_variant must differ")
