"""The dimensions of a Pi0."""

from dataclasses import dataclass

from lerobot.policies.pi0.modeling_pi0 import PI0Policy
from lerobot.utils.constants import ACTION

from pi0_ros.core.errors import CheckpointError


@dataclass(frozen=True, slots=True)
class Tower:
    """One transformer: the vision tower, the language model or the action expert.

    Attributes:
        width: of the residual stream.
        mlp: of the hidden layer of each MLP.
        depth: layers.
        heads: of the queries. Keys and values have as many in the vision tower, one elsewhere.
        head_dim: of each head.
        eps: what its normalisations add to the variance.
    """

    width: int
    mlp: int
    depth: int
    heads: int
    head_dim: int
    eps: float


@dataclass(frozen=True, slots=True)
class Pi0Sizes:
    """Everything that decides the shapes of a Pi0 and of what it computes.

    Attributes:
        image: side of the square pictures the vision tower takes, px.
        patch: side of the square patches, one token each, px.
        vocabulary: rows of the token embedding.
        horizon: rows of a chunk.
        state, action: padded lengths of the state and of one action.
        joints: values of an action that mean something.
        flow_steps: Euler steps from noise to actions that the checkpoint asks for.
        min_period, max_period: of the sines that embed the flow time.
        rope_theta: base of the rotary frequencies.
    """

    vision: Tower
    prefix: Tower
    expert: Tower
    image: int
    patch: int
    vocabulary: int
    horizon: int
    state: int
    action: int
    joints: int
    flow_steps: int
    min_period: float
    max_period: float
    rope_theta: float

    @property
    def patches(self) -> int:
        """Tokens of one picture."""
        return (self.image // self.patch) ** 2


def sizes_of_model(model: PI0Policy) -> Pi0Sizes:
    """The dimensions of LeRobot's model, which needs no memory for its parameters.

    Raises:
        CheckpointError: the model is built in a way the engine does not know.
    """
    config, inner = model.config, model.model.paligemma_with_expert
    vision = inner.paligemma.config.vision_config
    text, expert = inner.paligemma.config.text_config, inner.gemma_expert.config
    known = {
        "hidden_activation": (text.hidden_activation, "gelu_pytorch_tanh"),
        "expert's hidden_activation": (expert.hidden_activation, "gelu_pytorch_tanh"),
        "vision's hidden_act": (vision.hidden_act, "gelu_pytorch_tanh"),
        "num_key_value_heads": (text.num_key_value_heads, 1),
        "expert's num_key_value_heads": (expert.num_key_value_heads, 1),
        "attention_bias": (text.attention_bias or expert.attention_bias, False),
        "rope_type": (text.rope_parameters["rope_type"], "default"),
        "expert's rope_parameters": (expert.rope_parameters, text.rope_parameters),
        "expert's depth": (expert.num_hidden_layers, text.num_hidden_layers),
        "expert's heads": (expert.num_attention_heads, text.num_attention_heads),
        "expert's head_dim": (expert.head_dim, text.head_dim),
        "use_adarms": (bool(text.use_adarms or expert.use_adarms), False),
    }
    for name, (came, expected) in known.items():
        if came != expected:
            raise CheckpointError(
                f"the fast engine expects a Pi0 with {name} = {expected!r}, this one has {came!r}: "
                "set the parameter engine to 'lerobot'"
            )
    return Pi0Sizes(
        vision=Tower(
            vision.hidden_size,
            vision.intermediate_size,
            vision.num_hidden_layers,
            vision.num_attention_heads,
            vision.hidden_size // vision.num_attention_heads,
            vision.layer_norm_eps,
        ),
        prefix=_gemma(text),
        expert=_gemma(expert),
        image=config.image_resolution[0],
        patch=vision.patch_size,
        vocabulary=text.vocab_size,
        horizon=config.chunk_size,
        state=config.max_state_dim,
        action=config.max_action_dim,
        joints=config.output_features[ACTION].shape[0],
        flow_steps=config.num_inference_steps,
        min_period=config.min_period,
        max_period=config.max_period,
        rope_theta=text.rope_parameters["rope_theta"],
    )


def _gemma(config) -> Tower:  # type: ignore[no-untyped-def]  # transformers' GemmaConfig
    return Tower(
        config.hidden_size,
        config.intermediate_size,
        config.num_hidden_layers,
        config.num_attention_heads,
        config.head_dim,
        config.rms_norm_eps,
    )
