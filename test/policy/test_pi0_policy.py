"""From an observation to a chunk."""

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
import torch

from pi0_ros.core.errors import PolicyError, PolicyLost
from pi0_ros.core.observation import Observation
from pi0_ros.policy.fast.engine import FastEngine
from pi0_ros.policy.lerobot_engine import LeRobotEngine
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.pi0_policy import Pi0Policy
from pi0_ros.policy.policy_config import PolicyConfig

Make = Callable[..., PolicyConfig]


@pytest.fixture(params=["fast", "lerobot"])
def config_for(config_for: Make, request: pytest.FixtureRequest) -> Make:
    """Whatever is asked of a policy here holds for both engines."""
    return lambda path, **changes: config_for(path, **{"engine": request.param, **changes})


@pytest.fixture
def policy(trained: Path, config_for: Make) -> Pi0Policy:
    loaded = load_policy(config_for(trained, mode="demo"))
    assert isinstance(loaded, Pi0Policy)
    return loaded


def changed(observation: Observation, **changes: object) -> Observation:
    values = {
        "stamp_ns": observation.stamp_ns,
        "images": observation.images,
        "positions": observation.positions,
        "instruction": observation.instruction,
    }
    return Observation(**{**values, **changes})  # type: ignore[arg-type]


def replace_chunk(monkeypatch: pytest.MonkeyPatch, chunk: Callable[..., torch.Tensor]) -> None:
    monkeypatch.setattr(LeRobotEngine, "chunk", chunk)
    monkeypatch.setattr(FastEngine, "chunk", chunk)


def test_a_chunk_is_finite_float64_of_the_described_shape(
    policy: Pi0Policy, observation: Observation
) -> None:
    chunk = policy.infer(observation)
    assert chunk.dtype == np.float64
    assert chunk.shape == (policy.description.horizon, policy.description.joints)
    assert np.isfinite(chunk).all()


def test_every_input_reaches_the_model(policy: Pi0Policy, observation: Observation) -> None:
    chunk = policy.infer(observation)
    others = [
        changed(observation, positions=observation.positions + 0.1),
        changed(observation, instruction="go to the blue block now"),
    ]
    for camera in observation.images:
        dark = {**observation.images, camera: np.zeros_like(observation.images[camera])}
        others.append(changed(observation, images=dark))
    for other in others:
        assert not np.array_equal(policy.infer(other), chunk)
    np.testing.assert_array_equal(policy.infer(observation), chunk)


def test_an_observation_is_not_changed_and_may_be_read_only(
    policy: Pi0Policy, observation: Observation, recwarn: pytest.WarningsRecorder
) -> None:
    images = {name: picture.copy() for name, picture in observation.images.items()}
    for picture in images.values():
        picture.setflags(write=False)
    policy.infer(changed(observation, images=images))
    for name, picture in images.items():
        np.testing.assert_array_equal(picture, observation.images[name])
    assert [str(warning.message) for warning in recwarn] == []


def test_degrees_are_converted_on_both_sides(
    trained: Path, config_for: Make, policy: Pi0Policy, observation: Observation
) -> None:
    in_degrees = load_policy(config_for(trained, mode="demo", policy_units="deg"))
    same_numbers = changed(observation, positions=np.deg2rad(observation.positions))
    np.testing.assert_allclose(
        in_degrees.infer(same_numbers), np.deg2rad(policy.infer(observation)), atol=1e-6
    )


def test_noise_is_fresh_fixed_or_absent_as_configured(
    trained: Path, config_for: Make, policy: Pi0Policy, observation: Observation
) -> None:
    absent = policy.infer(observation)
    fresh = load_policy(config_for(trained, mode="demo", noise_scale=1.0))
    assert not np.array_equal(fresh.infer(observation), fresh.infer(observation))
    fixed = load_policy(config_for(trained, mode="demo", noise_scale=1.0, noise_seed=4))
    first = fixed.infer(observation)
    np.testing.assert_array_equal(fixed.infer(observation), first)
    assert not np.array_equal(first, absent)
    other = load_policy(config_for(trained, mode="demo", noise_scale=1.0, noise_seed=5))
    assert not np.array_equal(other.infer(observation), first)


def test_the_number_of_denoising_steps_can_be_set(
    trained: Path, config_for: Make, policy: Pi0Policy, observation: Observation
) -> None:
    quick = load_policy(config_for(trained, mode="demo", inference_steps=1))
    assert not np.array_equal(quick.infer(observation), policy.infer(observation))


def test_output_that_is_not_finite_is_an_error(
    policy: Pi0Policy, observation: Observation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_finite(*_: object, **__: object) -> torch.Tensor:
        chunk = torch.zeros(1, 8, 3)
        chunk[0, 7, 2] = float("nan")
        return chunk

    replace_chunk(monkeypatch, not_finite)
    with pytest.raises(PolicyError, match="model's output is not finite in 1 of 24 values"):
        policy.infer(observation)


@pytest.mark.parametrize(
    ("raised", "becomes", "words"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), PolicyLost, "out of memory"),
        (RuntimeError("CUDA error: an illegal memory access"), PolicyLost, "device lost"),
        (RuntimeError("mat1 and mat2 shapes"), PolicyError, "inference failed: RuntimeError"),
        (KeyError("observation.state"), PolicyError, "inference failed: KeyError"),
    ],
)
def test_what_torch_raises_becomes_a_policy_error_with_its_cause(
    policy: Pi0Policy,
    observation: Observation,
    monkeypatch: pytest.MonkeyPatch,
    raised: Exception,
    becomes: type[PolicyError],
    words: str,
) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise raised

    replace_chunk(monkeypatch, fail)
    with pytest.raises(PolicyError, match=words) as caught:
        policy.infer(observation)
    assert type(caught.value) is becomes
    assert caught.value.__cause__ is raised


def test_an_observation_that_does_not_fit_never_reaches_the_model(
    policy: Pi0Policy, observation: Observation
) -> None:
    images = dict(observation.images)
    small = {name: picture[:10] for name, picture in images.items()}
    floating = {name: picture / 255.0 for name, picture in images.items()}
    for wrong, words in [
        ({"images": {"main": images["main"]}}, "cameras"),
        ({"images": small}, "expected uint8"),
        ({"images": floating}, "expected uint8"),
        ({"positions": np.zeros(2)}, "joint positions"),
        ({"positions": np.array([0.0, np.nan, 0.0])}, "joint positions"),
    ]:
        with pytest.raises(PolicyError, match=words):
            policy.infer(changed(observation, **wrong))
