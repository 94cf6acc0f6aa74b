"""Training is repeatable and sees what inference sees."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from lerobot.policies.utils import prepare_observation_for_inference
from lerobot.utils.constants import OBS_STATE

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.observation import Observation
from pi0_ros.policy.checkpoint_config import read_config
from pi0_ros.policy.evaluation import chunk_error_rad, instruction_effect_rad
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.manifest import file_sha256
from pi0_ros.policy.modeling_pi0_tiny import PI0TinyPolicy
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.training import TrainingConfig, TrainingProgress, train_policy
from pi0_ros.policy.training_samples import TrainingSample, shrunk

Make = Callable[..., PolicyConfig]


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): file_sha256(path)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_files(
    trained: Path, samples: list[TrainingSample], tmp_path: Path
) -> None:
    state = torch.random.get_rng_state()
    seen: list[TrainingProgress] = []
    train_policy(
        samples, tmp_path / "again", TrainingConfig(steps=2, batch_size=8, threads=1), seen.append
    )
    assert hashes(tmp_path / "again") == hashes(trained)
    assert [at.step for at in seen] == [1, 2]
    assert torch.equal(torch.random.get_rng_state(), state)
    other = TrainingConfig(seed=1, steps=2, batch_size=8, threads=1)
    train_policy(samples, tmp_path / "other", other, lambda _: None)
    assert hashes(tmp_path / "other")["model.safetensors"] != hashes(trained)["model.safetensors"]


def test_a_reloaded_policy_gives_the_same_chunk_bit_for_bit(
    trained: Path, config_for: Make, observation: Observation
) -> None:
    chunks = [load_policy(config_for(trained, mode="demo")).infer(observation) for _ in range(2)]
    np.testing.assert_array_equal(*chunks)


def test_training_pictures_are_what_the_model_sees_at_inference(trained: Path) -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (480, 640, 3), dtype=np.uint8)
    model = PI0TinyPolicy(read_config(trained, "cpu"))
    keys = list(model.config.image_features)
    at_inference = prepare_observation_for_inference(
        dict.fromkeys(keys, picture) | {OBS_STATE: np.zeros(3, np.float32)}, torch.device("cpu")
    )
    at_training = dict.fromkeys(keys, shrunk(picture, 56)[None])
    seen, _ = model._preprocess_images(at_inference)
    learnt, _ = model._preprocess_images(at_training)
    for left, right in zip(seen, learnt, strict=True):
        assert torch.equal(left, right)


def test_nothing_of_this_machine_is_in_the_checkpoint(trained: Path) -> None:
    for path in trained.rglob("*"):
        if path.is_file():
            assert str(trained.parent).encode() not in path.read_bytes(), path


def test_too_few_or_uneven_samples_are_refused(
    samples: list[TrainingSample], tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="at least 17 samples, got 16"):
        train_policy(samples, tmp_path / "few", TrainingConfig(batch_size=17), lambda _: None)
    one_eyed = TrainingSample(
        {"main": samples[0].images["main"]}, samples[0].positions, "go", samples[0].actions
    )
    with pytest.raises(ConfigurationError, match="same cameras"):
        train_policy([*samples, one_eyed], tmp_path / "odd", TrainingConfig(), lambda _: None)


def test_the_measures_tell_a_perfect_policy_from_a_deaf_one(samples: list[TrainingSample]) -> None:
    class Perfect:
        def infer(self, observation: Observation) -> np.ndarray:
            for sample in samples:
                if np.array_equal(sample.positions, observation.positions):
                    return np.array(sample.actions) + (observation.instruction == "other")
            raise AssertionError("unknown observation")

    perfect = Perfect()
    assert chunk_error_rad(perfect, samples) == 0.0  # type: ignore[arg-type]
    assert instruction_effect_rad(perfect, samples, lambda _: "other") == 1.0  # type: ignore[arg-type]
    assert instruction_effect_rad(perfect, samples, lambda text: text) == 0.0  # type: ignore[arg-type]
