"""Nothing is missing, nothing is left over, nothing is unsound."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from pi0_ros.core.errors import CheckpointError
from pi0_ros.policy.fast.sizes import sizes_of_model
from pi0_ros.policy.fast.weights import take_weights
from pi0_ros.policy.modeling_pi0_tiny import PI0TinyPolicy

MakeModel = Callable[..., PI0TinyPolicy]
Change = Callable[[dict[str, Tensor]], object]

MODEL = "model.paligemma_with_expert"
KEY = f"{MODEL}.paligemma.model.language_model.layers.0.self_attn.k_proj.weight"
HEAD = f"{MODEL}.gemma_expert.lm_head.weight"
UNREAD = f"{MODEL}.paligemma.model.language_model.layers.1.self_attn.q_proj.weight"


def take(model: PI0TinyPolicy, change: Change) -> None:
    tensors = {name: value.clone() for name, value in model.state_dict().items()}
    change(tensors)
    take_weights(
        tensors,
        Path("folder/model.safetensors"),
        sizes_of_model(model),
        torch.device("cpu"),
        torch.float32,
        torch.float32,
    )
    assert not tensors


def put(name: str, value: Tensor) -> Change:
    return lambda tensors: tensors.update({name: value})


def spoil(name: str) -> Change:
    return lambda tensors: tensors[name].view(-1)[-1].fill_(float("nan"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda tensors: tensors.pop(KEY), ("missing", KEY)),
        (put(KEY, torch.zeros(16, 63)), ("shape", KEY, "[16, 64]")),
        (put("model.surprise", torch.zeros(1)), ("no place", "model.surprise", "engine")),
        (spoil(KEY), ("not finite", KEY)),
        (spoil(HEAD), ("not finite", HEAD)),
        (spoil(UNREAD), ("not finite", UNREAD)),
    ],
)
def test_a_wrong_tensor_is_refused_by_name(
    make_model: MakeModel, change: Change, words: tuple[str, ...]
) -> None:
    with pytest.raises(CheckpointError) as caught:
        take(make_model(), change)
    for word in (*words, "folder/model.safetensors"):
        assert word in str(caught.value)


def test_every_tensor_of_lerobots_model_has_a_place(make_model: MakeModel) -> None:
    take(make_model(), lambda tensors: None)


def test_a_model_built_in_another_way_is_refused(make_model: MakeModel) -> None:
    model = make_model()
    model.model.paligemma_with_expert.gemma_expert.config.num_key_value_heads = 8
    with pytest.raises(CheckpointError, match=r"num_key_value_heads = 1, this one has 8.*engine"):
        sizes_of_model(model)
