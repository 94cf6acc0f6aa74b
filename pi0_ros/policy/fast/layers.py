"""What the engine multiplies with: layers, and all weights together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


@dataclass(frozen=True, slots=True)
class VisionLayer:
    """One layer of the vision tower; matrices are (in, out), q, k and v side by side."""

    norm1: tuple[Tensor, Tensor]
    qkv: tuple[Tensor, Tensor]
    out: tuple[Tensor, Tensor]
    norm2: tuple[Tensor, Tensor]
    up: tuple[Tensor, Tensor]
    down: tuple[Tensor, Tensor]


@dataclass(frozen=True, slots=True)
class GemmaLayer:
    """One layer of the language model or the expert.

    Attributes:
        norm1, norm2: 1 + weight of the normalisations, float32; None where they are folded into
            `qkv` and `gate_up`.
        qkv: (width, (heads + 2) head_dim): queries, the key, the value. Within queries and key the
            two halves that RoPE turns against each other are interleaved, so that a pair is one
            complex number; scores do not depend on that order.
        out: (heads head_dim, width).
        gate_up: (2 mlp, width), gate first: its product with the transposed rows has the gate in
            one piece.
        down: (mlp, width).
    """

    norm1: Tensor | None
    qkv: Tensor
    out: Tensor
    norm2: Tensor | None
    gate_up: Tensor
    down: Tensor


class Layer(Protocol):
    """A GemmaLayer, or what gives its parts when they are read."""

    @property
    def norm1(self) -> Tensor | None: ...

    @property
    def qkv(self) -> Tensor: ...

    @property
    def out(self) -> Tensor: ...

    @property
    def norm2(self) -> Tensor | None: ...

    @property
    def gate_up(self) -> Tensor: ...

    @property
    def down(self) -> Tensor: ...


Keep = Callable[[GemmaLayer], Layer]


def as_it_is(layer: GemmaLayer) -> Layer:
    return layer


@dataclass(frozen=True, slots=True)
class Pi0Weights:
    """All of them, on the device, ready to multiply with.

    Attributes:
        patch: (patch * patch * 3, vision width), rows in the order y, x, colour.
        position: (patches, vision width), the patches' bias included.
        projector: from the vision tower to the language model.
        embedding: (vocabulary, width), not yet scaled by sqrt(width).
        prefix: all layers but the last, of which only the normalisation and the projection to key
            and value are needed: `prefix_last_norm`, `prefix_last_kv`.
        state: (state, expert width) and bias.
        action_in: (action, expert width): the action's way into the first layer of the MLP that
            mixes it with the flow time; both layers are linear and are one here.
        time_in: (expert width, expert width), the flow time's way into that layer, and its bias.
        action_mlp: the MLP's second layer.
        action_out: (expert width, action) and bias; the expert's last normalisation is folded in.
    """

    patch: Tensor
    position: Tensor
    vision: tuple[VisionLayer, ...]
    vision_norm: tuple[Tensor, Tensor]
    projector: tuple[Tensor, Tensor]
    embedding: Tensor
    prefix: tuple[Layer, ...]
    prefix_last_norm: Tensor | None
    prefix_last_kv: Tensor
    expert: tuple[Layer, ...]
    state: tuple[Tensor, Tensor]
    action_in: Tensor
    time_in: tuple[Tensor, Tensor]
    action_mlp: tuple[Tensor, Tensor]
    action_out: tuple[Tensor, Tensor]
