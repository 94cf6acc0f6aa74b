"""Nothing but the checkpoint's own weights ever moves an arm."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from pi0_ros.core.errors import CheckpointError
from pi0_ros.core.observation import Observation
from pi0_ros.policy.checkpoint_config import read_config
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.modeling_pi0_tiny import PI0TinyPolicy
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.safetensors_header import read_header
from pi0_ros.policy.weights import fill_model, model_without_weights, read_weights

Make = Callable[..., PolicyConfig]
Tensors = dict[str, torch.Tensor]

STATE = "model.state_proj.weight"
EMBEDDING = "model.paligemma_with_expert.paligemma.model.language_model.embed_tokens.weight"
HEAD = "model.paligemma_with_expert.paligemma.lm_head.weight"


def rewrite(folder: Path, change: Callable[[Tensors], None]) -> None:
    path = folder / "model.safetensors"
    tensors = {name: value.clone() for name, value in load_file(path).items()}
    change(tensors)
    save_file(tensors, path)


def put(name: str, value: torch.Tensor) -> Callable[[Tensors], None]:
    return lambda tensors: tensors.update({name: value})


def spoil(name: str, value: float) -> Callable[[Tensors], None]:
    def change(tensors: Tensors) -> None:
        tensors[name].view(-1)[-1] = value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda tensors: tensors.pop(STATE), ("missing", STATE)),
        (put("model.surprise.weight", torch.zeros(2)), ("no place", "model.surprise.weight")),
        (put(STATE, torch.zeros(2, 2)), ("shape", STATE)),
        (spoil(STATE, float("nan")), ("not finite", STATE)),
        (spoil(STATE, float("inf")), ("not finite", STATE)),
        (spoil(STATE, -float("inf")), ("not finite", STATE)),
        (put(STATE, torch.zeros(64, 3, dtype=torch.uint8)), ("U8", STATE)),
        (lambda tensors: [tensors.pop(EMBEDDING), tensors.pop(HEAD)], ("missing", EMBEDDING)),
    ],
)
@pytest.mark.parametrize("engine", ["fast", "lerobot"])
def test_a_wrong_tensor_is_refused_by_name(
    checkpoint: Path,
    config_for: Make,
    change: Callable[[Tensors], None],
    words: tuple[str, ...],
    engine: str,
) -> None:
    rewrite(checkpoint, change)
    with pytest.raises(CheckpointError) as caught:
        load_policy(config_for(checkpoint, engine=engine))
    assert all(word in str(caught.value) for word in words), caught.value


def cut_the_end(content: bytes) -> bytes:
    return content[:-100]


def cut_the_header(content: bytes) -> bytes:
    return content[:50]


def damage_the_header(content: bytes) -> bytes:
    return content[:8] + b"#" + content[9:]


def move_a_tensor(content: bytes) -> bytes:
    return content.replace(b'"data_offsets":[0,', b'"data_offsets":[4,', 1)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (cut_the_end, ("truncated", "tensor")),
        (cut_the_header, ("not a complete safetensors file",)),
        (damage_the_header, ("damaged header",)),
        (move_a_tensor, ("damaged", "tensor")),
        (lambda content: content + b"more", ("damaged",)),
        (lambda content: b"", ("not a complete safetensors file",)),
    ],
)
def test_a_damaged_file_is_refused(
    checkpoint: Path,
    config_for: Make,
    damage: Callable[[bytes], bytes],
    words: tuple[str, ...],
) -> None:
    path = checkpoint / "model.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CheckpointError, match=r"model\.safetensors") as caught:
        load_policy(config_for(checkpoint))
    assert all(word in str(caught.value) for word in words), caught.value


def test_missing_weights_are_an_error_and_not_random_ones(
    checkpoint: Path, config_for: Make
) -> None:
    (checkpoint / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"model\.safetensors: no such file"):
        load_policy(config_for(checkpoint))


def test_weights_that_were_read_but_never_put_in_are_noticed(
    checkpoint: Path, config_for: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PI0TinyPolicy, "load_state_dict", lambda self, *args, **kwargs: None)
    with pytest.raises(CheckpointError, match=r"'model\..*' was not loaded"):
        load_policy(config_for(checkpoint, engine="lerobot"))


def test_a_model_without_weights_has_no_values_to_run_on(trained: Path) -> None:
    model = model_without_weights(PI0TinyPolicy, read_config(trained, "cpu"))
    assert all(parameter.is_meta for parameter in model.parameters())
    assert not any(buffer.is_meta for buffer in model.buffers())


def without_prefix(tensors: Tensors) -> None:
    for name in list(tensors):
        tensors[name.removeprefix("model.")] = tensors.pop(name)


def as_openpi_writes(tensors: Tensors) -> None:
    without_prefix(tensors)
    for name in list(tensors):
        if name.startswith("action_time_mlp_"):
            tensors[name.removeprefix("action_")] = tensors.pop(name)


def tied_without_embedding(tensors: Tensors) -> None:
    tensors[HEAD] = tensors.pop(EMBEDDING)


def tied_without_head(tensors: Tensors) -> None:
    tensors.pop(HEAD)


@pytest.mark.parametrize(
    "rename", [without_prefix, as_openpi_writes, tied_without_embedding, tied_without_head]
)
def test_older_ways_of_writing_the_same_weights_load_the_same_policy(
    checkpoint: Path,
    config_for: Make,
    observation: Observation,
    rename: Callable[[Tensors], None],
) -> None:
    expected = load_policy(config_for(checkpoint)).infer(observation)
    rewrite(checkpoint, rename)
    came = load_policy(config_for(checkpoint)).infer(observation)
    np.testing.assert_array_equal(came, expected)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_model_equals_the_one_that_lerobot_itself_loads(trained: Path, dtype: str) -> None:
    config = read_config(trained, "cpu")
    config.dtype = dtype
    path = trained / "model.safetensors"
    ours = model_without_weights(PI0TinyPolicy, config)
    fill_model(ours, read_weights(ours, path, read_header(path)), path, torch.device("cpu"))
    theirs = PI0TinyPolicy.from_pretrained(trained, config=config)
    our_state, their_state = ours.state_dict(), theirs.state_dict()
    assert our_state.keys() == their_state.keys()
    for name, value in their_state.items():
        assert our_state[name].dtype == value.dtype, name
        assert torch.equal(our_state[name], value), name
    for (name, value), (_, other) in zip(ours.named_buffers(), theirs.named_buffers(), strict=True):
        assert value.dtype == other.dtype, name
        assert torch.equal(value, other), name
