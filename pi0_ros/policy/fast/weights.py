"""What the engine takes over from a checkpoint: named, checked, fused and folded.

Everything linear that follows something linear is multiplied out here, once, in double precision.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from pi0_ros.policy.fast.layers import GemmaLayer, Keep, Pi0Weights, VisionLayer, as_it_is
from pi0_ros.policy.fast.sizes import Pi0Sizes, Tower
from pi0_ros.policy.fast.tensor_source import TensorSource

_MODEL = "model.paligemma_with_expert"
_VISION = f"{_MODEL}.paligemma.model.vision_tower.vision_model"
_PROJECTOR = f"{_MODEL}.paligemma.model.multi_modal_projector.linear"
_PREFIX = f"{_MODEL}.paligemma.model.language_model"
_EXPERT = f"{_MODEL}.gemma_expert.model"


def take_weights(
    tensors: dict[str, Tensor],
    origin: Path,
    sizes: Pi0Sizes,
    device: torch.device,
    dtype: torch.dtype,
    vision_dtype: torch.dtype,
    keep: Keep = as_it_is,
) -> Pi0Weights:
    """Takes the weights over from a state dict with LeRobot's names.

    Args:
        tensors: emptied on the way, so that no weight is held twice.
        origin: where they come from, for the errors.
        dtype: of the language model's and the expert's matrices. In float32 the normalisations'
            weights are multiplied into the matrices behind them; in bfloat16 that would round
            twice, and they stay apart. What is not a matrix of a layer is float32 always, as in
            LeRobot.
        vision_dtype: of the vision tower's and the projector's matrices.
        keep: what is kept of a layer of the language model or the expert.

    Raises:
        CheckpointError: a tensor is missing, of another shape, not finite, or unknown.
    """
    source = TensorSource(tensors, origin, device)
    patch, position = _patches(source, sizes)
    in_vision = _rounded_to(vision_dtype)
    vision = tuple(
        _vision_layer(source, f"{_VISION}.encoder.layers.{i}", sizes.vision, vision_dtype)
        for i in range(sizes.vision.depth)
    )
    last = sizes.prefix.depth - 1
    prefix = tuple(
        keep(_gemma_layer(source, f"{_PREFIX}.layers.{i}", sizes.prefix, dtype))
        for i in range(last)
    )
    last_norm, last_kv = _attention_in(source, f"{_PREFIX}.layers.{last}", sizes.prefix, dtype, 0)
    expert = tuple(
        keep(_gemma_layer(source, f"{_EXPERT}.layers.{i}", sizes.expert, dtype))
        for i in range(sizes.expert.depth)
    )
    action_in, time_in = _action_time(source, sizes)
    _, (action_out,) = _folded(
        1.0 + source.take(f"{_EXPERT}.norm.weight", sizes.expert.width),
        (source.take("model.action_out_proj.weight", sizes.action, sizes.expert.width),),
        torch.float32,
    )
    weights = Pi0Weights(
        patch=in_vision(patch),
        position=position,
        vision=vision,
        vision_norm=source.norm(f"{_VISION}.post_layernorm", sizes.vision.width),
        projector=_both(
            in_vision, source.linear(_PROJECTOR, sizes.vision.width, sizes.prefix.width)
        ),
        embedding=source.take(
            f"{_PREFIX}.embed_tokens.weight", sizes.vocabulary, sizes.prefix.width
        ).to(dtype),
        prefix=prefix,
        prefix_last_norm=last_norm,
        prefix_last_kv=last_kv,
        expert=expert,
        state=source.linear("model.state_proj", sizes.state, sizes.expert.width),
        action_in=action_in,
        time_in=time_in,
        action_mlp=source.linear(
            "model.action_time_mlp_out", sizes.expert.width, sizes.expert.width
        ),
        action_out=(
            action_out.t().contiguous(),
            source.take("model.action_out_proj.bias", sizes.action),
        ),
    )
    source.finish(lambda name: _is_unused(name, last))
    return weights


def _is_unused(name: str, last_layer: int) -> bool:
    """Whether LeRobot's own inference makes nothing of a tensor.

    The heads are for text; of the prefix only keys and values are read, which its last layer's
    queries and MLP and the final normalisation come after.
    """
    last = f"{_PREFIX}.layers.{last_layer}."
    return name in (
        f"{_MODEL}.paligemma.lm_head.weight",
        f"{_MODEL}.gemma_expert.lm_head.weight",
        f"{_PREFIX}.norm.weight",
    ) or name.startswith(
        (
            f"{last}self_attn.q_proj.",
            f"{last}self_attn.o_proj.",
            f"{last}mlp.",
            f"{last}post_attention_layernorm.",
        )
    )


def _patches(source: TensorSource, sizes: Pi0Sizes) -> tuple[Tensor, Tensor]:
    """The convolution as a matrix: its kernel and stride are the patch, so patches do not meet."""
    name, side, width = f"{_VISION}.embeddings", sizes.patch, sizes.vision.width
    kernel = source.take(f"{name}.patch_embedding.weight", width, 3, side, side)
    bias = source.take(f"{name}.patch_embedding.bias", width)
    position = source.take(f"{name}.position_embedding.weight", sizes.patches, width)
    return kernel.permute(2, 3, 1, 0).reshape(-1, width), position + bias


def _vision_layer(source: TensorSource, name: str, tower: Tower, dtype: torch.dtype) -> VisionLayer:
    width, rounded = tower.width, _rounded_to(dtype)
    parts = [source.linear(f"{name}.self_attn.{part}_proj", width, width) for part in "qkv"]
    qkv = torch.cat([matrix for matrix, _ in parts], 1), torch.cat([bias for _, bias in parts])
    return VisionLayer(
        norm1=source.norm(f"{name}.layer_norm1", width),
        qkv=_both(rounded, qkv),
        out=_both(rounded, source.linear(f"{name}.self_attn.out_proj", width, width)),
        norm2=source.norm(f"{name}.layer_norm2", width),
        up=_both(rounded, source.linear(f"{name}.mlp.fc1", width, tower.mlp)),
        down=_both(rounded, source.linear(f"{name}.mlp.fc2", tower.mlp, width)),
    )


def _gemma_layer(source: TensorSource, name: str, tower: Tower, dtype: torch.dtype) -> GemmaLayer:
    norm1, qkv = _attention_in(source, name, tower, dtype, tower.heads)
    wide = tower.heads * tower.head_dim
    norm2, (gate, up) = _folded(
        1.0 + source.take(f"{name}.post_attention_layernorm.weight", tower.width),
        (
            source.take(f"{name}.mlp.gate_proj.weight", tower.mlp, tower.width),
            source.take(f"{name}.mlp.up_proj.weight", tower.mlp, tower.width),
        ),
        dtype,
    )
    rounded = _rounded_to(dtype)
    return GemmaLayer(
        norm1=norm1,
        qkv=qkv,
        out=rounded(source.take(f"{name}.self_attn.o_proj.weight", tower.width, wide).t()),
        norm2=norm2,
        gate_up=torch.cat([gate, up]),
        down=rounded(source.take(f"{name}.mlp.down_proj.weight", tower.width, tower.mlp).t()),
    )


def _attention_in(
    source: TensorSource, name: str, tower: Tower, dtype: torch.dtype, heads: int
) -> tuple[Tensor | None, Tensor]:
    """Normalisation and fused projection; without queries where `heads` is 0."""
    taken = {"k": 1, "v": 1} if heads == 0 else {"q": heads, "k": 1, "v": 1}
    parts = []
    for part, count in taken.items():
        rows = count * tower.head_dim
        weight = source.take(f"{name}.self_attn.{part}_proj.weight", rows, tower.width)
        if part != "v":
            halves = weight.view(count, 2, tower.head_dim // 2, tower.width)
            weight = halves.transpose(1, 2).reshape(rows, tower.width)
        parts.append(weight)
    gain = 1.0 + source.take(f"{name}.input_layernorm.weight", tower.width)
    norm, parts = _folded(gain, parts, dtype)
    return norm, torch.cat(parts).t().contiguous()


def _folded(
    gain: Tensor, matrices: "list[Tensor] | tuple[Tensor, ...]", dtype: torch.dtype
) -> tuple[Tensor | None, list[Tensor]]:
    """A normalisation's gain multiplied into the (out, in) matrices that follow it."""
    if dtype != torch.float32:
        return gain, [matrix.to(dtype) for matrix in matrices]
    return None, [(matrix.double() * gain.double()).float() for matrix in matrices]


def _action_time(source: TensorSource, sizes: Pi0Sizes) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """LeRobot: silu(mixer([action_in(action), time])); the mixer's two halves are taken apart."""
    width = sizes.expert.width
    action = source.take("model.action_in_proj.weight", width, sizes.action).double()
    action_bias = source.take("model.action_in_proj.bias", width).double()
    mixer = source.take("model.action_time_mlp_in.weight", width, 2 * width).double()
    mixer_bias = source.take("model.action_time_mlp_in.bias", width).double()
    of_action, of_time = mixer[:, :width], mixer[:, width:]
    action_in = (of_action @ action).t().float().contiguous()
    bias = (of_action @ action_bias + mixer_bias).float()
    return action_in, (of_time.t().float(), bias)


def _rounded_to(dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
    return lambda value: value.to(dtype).contiguous()


def _both(change: Callable[[Tensor], Tensor], pair: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    return change(pair[0]), change(pair[1])
