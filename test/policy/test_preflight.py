"""What a checkpoint's files say is known before LeRobot is imported, and all of it is told."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from pi0_ros.core.errors import Pi0RosError
from pi0_ros.policy.checkpoint_config import read_any_config
from pi0_ros.policy.features import trained_pictures
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.manifest import WEIGHTS_FILE
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.preflight import examine, unfit
from pi0_ros.policy.rtc_config import RtcConfig
from pi0_ros.policy.stated_config import read_stated_config
from pi0_ros.policy.statistics import plain

Make = Callable[..., PolicyConfig]
Edit = Callable[[Path, Callable[[dict[str, Any]], None]], None]

CONFIG, BEFORE, AFTER = "config.json", "policy_preprocessor.json", "policy_postprocessor.json"
PRE_STATISTICS = "policy_preprocessor_step_6_normalizer_processor.safetensors"


def problems(config: PolicyConfig) -> list[str]:
    found = examine(config.path, config.tokenizer_path)
    return [str(problem) for problem in (*found.problems, *unfit(found, config))]


def test_it_imports_neither_torch_nor_lerobot() -> None:
    program = (
        "import sys, pi0_ros.policy.preflight\n"
        "print([name for name in ('torch', 'lerobot', 'rclpy') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout == "[]\n"


def test_checkpoints_that_load_have_no_problem(
    checkpoint: Path, demo_checkpoint: Path, pi05: Path, smolvla: Path, config_for: Make
) -> None:
    assert problems(config_for(checkpoint)) == []
    assert problems(config_for(demo_checkpoint, mode="demo")) == []
    assert problems(config_for(pi05, engine="lerobot")) == []
    assert problems(config_for(smolvla, engine="lerobot")) == []


@pytest.mark.parametrize("kind", ["checkpoint", "pi05", "smolvla"])
def test_the_file_is_read_as_lerobot_reads_it(kind: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(kind)
    stated, lerobots = read_stated_config(folder), read_any_config(folder, "cpu")
    assert (stated.type, stated.chunk_size) == (lerobots.type, lerobots.chunk_size)
    assert trained_pictures(stated) == trained_pictures(lerobots)
    assert stated.vlm_model_name == getattr(lerobots, "vlm_model_name", None)
    for name in ("input_features", "output_features"):
        of_file, of_lerobot = getattr(stated, name), getattr(lerobots, name)
        assert list(of_file) == list(of_lerobot)
        for key, feature in of_lerobot.items():
            assert (of_file[key].type, of_file[key].shape) == (plain(feature.type), feature.shape)
    assert stated.normalization_mapping == {
        kind: plain(mode) for kind, mode in lerobots.normalization_mapping.items()
    }


def cut_short(folder: Path) -> None:
    text = (folder / CONFIG).read_text()
    (folder / CONFIG).write_text(text[: len(text) // 2])


def without_deviation(folder: Path) -> None:
    path = folder / PRE_STATISTICS
    tensors = {name: value.clone() for name, value in load_file(path).items()}
    tensors["observation.state.std"][1] = 0.0
    save_file(tensors, path)


def remove(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (remove(CONFIG), "config.json: no such file"),
        (cut_short, "config.json: damaged"),
        (remove(BEFORE), f"{BEFORE}: no such file"),
        (remove(AFTER), f"{AFTER}: no such file"),
        (remove(PRE_STATISTICS), f"{PRE_STATISTICS}: no such file"),
        (without_deviation, "observation.state.std has no spread at index 1"),
        (lambda folder: shutil.rmtree(folder / "tokenizer"), "tokenizer: no tokenizer there"),
        (remove(WEIGHTS_FILE), f"{WEIGHTS_FILE}: no such file"),
    ],
)
def test_damage_is_the_one_problem_and_the_loaders_own(
    checkpoint: Path, config_for: Make, damage: Callable[[Path], object], words: str
) -> None:
    damage(checkpoint)
    (problem,) = problems(config_for(checkpoint))
    assert words in problem
    with pytest.raises(Pi0RosError) as refused:
        load_policy(config_for(checkpoint))
    assert str(refused.value) == problem


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mode": "demo"}, "the parameter mode is 'demo'"),
        ({"camera_features": {"main": "observation.images.main"}}, "camera_names"),
        ({"rtc": RtcConfig("identity", horizon=9)}, "rtc_execution_horizon: 9 rows"),
    ],
)
def test_a_parameter_that_does_not_fit_is_the_one_problem_and_the_loaders_own(
    checkpoint: Path, config_for: Make, changes: dict[str, Any], words: str
) -> None:
    config = config_for(checkpoint, **changes)
    (problem,) = problems(config)
    assert words in problem
    with pytest.raises(Pi0RosError) as refused:
        load_policy(config)
    assert str(refused.value) == problem


def test_nothing_but_weights_lacks_everything_else(
    checkpoint: Path, config_for: Make, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    shutil.copy(checkpoint / WEIGHTS_FILE, bare)
    found = problems(config_for(bare))
    assert [Path(text.partition(":")[0]).name for text in found] == [CONFIG, BEFORE, AFTER]


def test_everything_that_does_not_fit_is_listed(checkpoint: Path, config_for: Make) -> None:
    config = config_for(
        checkpoint,
        joints=7,
        image_shape=(24, 32),
        camera_features={"main": "observation.images.main", "b": "observation.images.left"},
    )
    found = problems(replace(config, mode="demo"))
    for words in (
        "observation.state has shape [3], but the robot has 7 joints",
        "action has shape [3], but the robot has 7 joints",
        "b -> observation.images.left",
        "observation.images.main was trained with pictures of 64x48",
        "mode is 'demo'",
    ):
        assert sum(words in text for text in found) == 1, words
    assert len(found) == 5


def test_a_step_that_lerobot_scales_otherwise_than_the_file_is_left_to_it(
    checkpoint: Path, config_for: Make, edit_json: Edit
) -> None:
    """Statistics given in the JSON outrank those of the file; bfloat16 is none of numpy's."""

    def give(content: dict[str, Any]) -> None:
        content["steps"][-1]["config"]["stats"] = {"observation.state": {"mean": [0.0] * 3}}

    path = checkpoint / "policy_postprocessor_step_0_unnormalizer_processor.safetensors"
    halves = {name: value.to(torch.bfloat16) for name, value in load_file(path).items()}
    without_deviation(checkpoint)
    save_file(halves, path)
    edit_json(checkpoint / BEFORE, give)
    assert problems(config_for(checkpoint)) == []
