"""Pi0.5 and SmolVLA run as LeRobot runs them, on all of their weights and no others."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
import torch
from lerobot.configs import PreTrainedConfig
from lerobot.policies.factory import get_policy_class, make_pre_post_processors
from lerobot.policies.utils import prepare_observation_for_inference
from safetensors.torch import load_file, save_file

from pi0_ros.core.errors import CheckpointError, ConfigurationError
from pi0_ros.core.observation import Observation
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.policy_config import PolicyConfig

Make = Callable[..., PolicyConfig]
SEED, PADDED = 3, 6
WEIGHTS = {"pi05": "model.time_mlp_in.weight", "smolvla": "model.action_out_proj.weight"}
BLANK = torch.zeros(2, 2)


@pytest.fixture(params=["pi05", "smolvla"])
def reader(request: pytest.FixtureRequest) -> Path:
    return Path(request.getfixturevalue(request.param))


@pytest.fixture
def reader_config(config_for: Make) -> Make:
    def make(path: Path, **changes: object) -> PolicyConfig:
        return config_for(path, **{"engine": "lerobot", "noise_seed": SEED, **changes})

    return make


def by_lerobot(folder: Path, observation: Observation, **options: object) -> Any:
    """The chunk as LeRobot's own code computes it from the same noise, weights loaded strictly."""
    config = PreTrainedConfig.from_pretrained(folder)
    tokenizer = str(folder / "tokenizer")
    for name, value in {"vlm_model_name": tokenizer, "load_vlm_weights": False, **options}.items():
        if hasattr(config, name):
            setattr(config, name, value)
    policy = get_policy_class(config.type)(config)
    policy.load_state_dict(load_file(folder / "model.safetensors"), strict=True)
    before, after = make_pre_post_processors(
        config,
        pretrained_path=str(folder),
        preprocessor_overrides={"tokenizer_processor": {"tokenizer_name": tokenizer}},
    )
    values = {f"observation.images.{name}": value for name, value in observation.images.items()}
    values["observation.state"] = observation.positions.astype(np.float32)
    prepared = prepare_observation_for_inference(
        values, torch.device("cpu"), task=observation.instruction
    )
    generator = torch.Generator().manual_seed(SEED)
    noise = torch.randn(1, config.chunk_size, PADDED, generator=generator)
    chunk = policy.predict_action_chunk(before(prepared), noise=noise)
    return after(chunk)[0].double().numpy()


def test_the_chunk_is_lerobots_own(
    reader: Path, reader_config: Make, observation: Observation
) -> None:
    policy = load_policy(reader_config(reader))
    chunk = policy.infer(observation)
    assert np.array_equal(chunk, by_lerobot(reader, observation))
    assert np.array_equal(chunk, policy.infer(observation))
    assert chunk.shape == (policy.description.horizon, policy.description.joints) == (8, 3)
    assert np.ptp(chunk) > 1e-3


def test_it_sees_feels_and_reads(
    reader: Path, reader_config: Make, observation: Observation
) -> None:
    policy = load_policy(reader_config(reader))
    images, positions, text = observation.images, observation.positions, observation.instruction
    chunk = policy.infer(observation)
    swapped = dict(zip(images, reversed(images.values()), strict=True))
    for other in (
        Observation(2, swapped, positions, text),
        Observation(2, images, positions + 0.2, text),
        Observation(2, images, positions, "go to the blue block instead"),
    ):
        assert not np.array_equal(policy.infer(other), chunk)


def test_the_steps_asked_for_are_made(
    reader: Path, reader_config: Make, observation: Observation
) -> None:
    chunk = load_policy(reader_config(reader, inference_steps=2)).infer(observation)
    expected = by_lerobot(reader, observation, num_inference_steps=2, num_steps=2)
    assert np.array_equal(chunk, expected)
    assert not np.array_equal(chunk, by_lerobot(reader, observation))


def test_the_fast_engine_refuses_what_is_not_pi0(reader: Path, reader_config: Make) -> None:
    with pytest.raises(ConfigurationError, match=f"'{reader.name}'.* engine to 'lerobot'"):
        load_policy(reader_config(reader, engine="fast"))


def test_nothing_is_downloaded(
    reader: Path, reader_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    load_policy(reader_config(reader))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda tensors, weight: tensors.pop(weight), "missing: {}"),
        (lambda tensors, _: tensors.update({"model.surprise": BLANK}), "model.surprise"),
        (lambda tensors, weight: tensors.update({weight: BLANK}), "'{}' has shape"),
        (lambda tensors, weight: tensors[weight].fill_(float("nan")), "'{}' has .* not finite"),
    ],
)
def test_a_wrong_tensor_is_refused_by_name(
    reader: Path, reader_config: Make, change: Callable[[Any, str], object], words: str
) -> None:
    path, weight = reader / "model.safetensors", WEIGHTS[reader.name]
    tensors = {name: value.clone() for name, value in load_file(path).items()}
    change(tensors, weight)
    save_file(tensors, path)
    with pytest.raises(CheckpointError, match=words.format(weight)):
        load_policy(reader_config(reader))


def test_a_loader_that_puts_nothing_in_is_found_out(
    reader: Path, reader_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.nn.Module, "load_state_dict", lambda *_, **__: None)
    with pytest.raises(CheckpointError, match="was not loaded"):
        load_policy(reader_config(reader))
