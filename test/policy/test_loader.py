"""What a checkpoint must be, and fit, before it is used."""

import logging
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
import torch

from pi0_ros.core.errors import CheckpointError, ConfigurationError
from pi0_ros.core.observation import Observation
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.manifest import file_sha256
from pi0_ros.policy.modeling_pi0_tiny import sizes_of
from pi0_ros.policy.policy_config import PolicyConfig

Make = Callable[..., PolicyConfig]
Edit = Callable[[Path, Callable[[dict[str, object]], None]], None]


def test_describes_what_was_loaded(checkpoint: Path, config_for: Make) -> None:
    description = load_policy(config_for(checkpoint)).description
    digest = file_sha256(checkpoint / "model.safetensors")
    assert description.policy_id == f"own-{digest[:12]}"
    assert not description.is_demo
    assert (description.device, description.horizon, description.joints) == ("cpu", 8, 3)
    assert description.cameras == ("main", "side")
    assert description.image_shape == (48, 64)


def test_the_demo_checkpoint_says_that_it_is_one(demo_checkpoint: Path, config_for: Make) -> None:
    description = load_policy(config_for(demo_checkpoint, mode="demo")).description
    assert description.is_demo
    assert description.policy_id.startswith("demo/pi0_tiny-")


def test_neither_kind_of_checkpoint_is_taken_for_the_other(
    checkpoint: Path, demo_checkpoint: Path, config_for: Make
) -> None:
    with pytest.raises(CheckpointError, match="mode is 'real'"):
        load_policy(config_for(demo_checkpoint, mode="real"))
    with pytest.raises(CheckpointError, match="mode is 'demo'"):
        load_policy(config_for(checkpoint, mode="demo"))


def test_loads_and_runs_without_any_network(
    checkpoint: Path, config_for: Make, observation: Observation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    load_policy(config_for(checkpoint)).infer(observation)


def test_a_missing_folder_names_the_parameter(config_for: Make, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"policy_path .*nothing is downloaded"):
        load_policy(config_for(tmp_path / "lerobot" / "pi0_base"))


def test_a_training_folder_points_to_the_checkpoint_inside(
    checkpoint: Path, config_for: Make
) -> None:
    inner = checkpoint.parent / "last" / "pretrained_model"
    shutil.copytree(checkpoint, inner)
    with pytest.raises(CheckpointError, match="pretrained_model"):
        load_policy(config_for(inner.parent))
    load_policy(config_for(inner))


def test_split_weights_are_named_as_such(checkpoint: Path, config_for: Make) -> None:
    weights = checkpoint / "model.safetensors"
    weights.rename(checkpoint / "model.safetensors.index.json")
    with pytest.raises(CheckpointError, match="split over several files"):
        load_policy(config_for(checkpoint))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: content.update(type="pi0_fast"), "policy type is 'pi0_fast'"),
        (lambda content: content.update(use_peft=True), "adapter"),
        (lambda content: content.update(invented=3), "cannot read this configuration"),
        (lambda content: content.update(depth=5), "tensors are missing"),
        (lambda content: content.update(vocabulary=64), "shape"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(
    checkpoint: Path,
    config_for: Make,
    edit_json: Edit,
    change: Callable[[dict[str, object]], None],
    words: str,
) -> None:
    edit_json(checkpoint / "config.json", change)
    with pytest.raises(CheckpointError, match=words):
        load_policy(config_for(checkpoint))


@pytest.mark.parametrize("content", [None, "{", "[]"])
def test_a_missing_or_damaged_configuration_is_named(
    checkpoint: Path, config_for: Make, content: str | None
) -> None:
    path = checkpoint / "config.json"
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(CheckpointError, match=r"config\.json"):
        load_policy(config_for(checkpoint))


@pytest.mark.parametrize(
    "features",
    [
        {"main": "observation.images.main"},
        {"main": "observation.images.main", "side": "observation.images.left"},
        {
            "main": "observation.images.main",
            "side": "observation.images.side",
            "top": "observation.images.top",
        },
    ],
)
def test_cameras_that_do_not_fit_are_listed_with_what_the_checkpoint_takes(
    checkpoint: Path, config_for: Make, features: dict[str, str]
) -> None:
    with pytest.raises(CheckpointError, match=r"cameras\.<name>\.feature") as caught:
        load_policy(config_for(checkpoint, camera_features=features))
    for camera, feature in features.items():
        assert f"{camera} -> {feature}" in str(caught.value)
    assert "observation.images.side" in str(caught.value)


def test_cameras_are_fed_by_feature_whatever_they_are_called(
    checkpoint: Path, config_for: Make, observation: Observation
) -> None:
    expected = load_policy(config_for(checkpoint)).infer(observation)
    renamed = {"b": "observation.images.side", "a": "observation.images.main"}
    policy = load_policy(config_for(checkpoint, camera_features=renamed))
    assert policy.description.cameras == ("a", "b")
    images = {"b": observation.images["side"], "a": observation.images["main"]}
    came = policy.infer(Observation(1, images, observation.positions, observation.instruction))
    np.testing.assert_array_equal(came, expected)


def test_another_number_of_joints_is_refused(checkpoint: Path, config_for: Make) -> None:
    with pytest.raises(CheckpointError, match="joint_names"):
        load_policy(config_for(checkpoint, joints=6))


def test_pictures_of_another_size_need_permission(
    checkpoint: Path, config_for: Make, observation: Observation
) -> None:
    with pytest.raises(CheckpointError, match="allow_image_resize"):
        load_policy(config_for(checkpoint, image_shape=(96, 128)))
    allowed = config_for(checkpoint, image_shape=(96, 128), allow_image_resize=True)
    large = {
        name: picture.repeat(2, 0).repeat(2, 1) for name, picture in observation.images.items()
    }
    chunk = load_policy(allowed).infer(
        Observation(1, large, observation.positions, observation.instruction)
    )
    assert chunk.shape == (8, 3)


def test_inputs_that_nobody_provides_are_refused(
    checkpoint: Path, config_for: Make, edit_json: Edit
) -> None:
    force = {"observation.force": {"type": "STATE", "shape": [6]}}
    edit_json(
        checkpoint / "config.json",
        lambda content: content["input_features"].update(force),  # type: ignore[attr-defined]
    )
    with pytest.raises(CheckpointError, match=r"observation\.force"):
        load_policy(config_for(checkpoint))


def test_cameras_that_were_blank_in_training_need_no_picture(
    checkpoint: Path, config_for: Make, edit_json: Edit, observation: Observation
) -> None:
    edit_json(checkpoint / "config.json", lambda content: content.update(empty_cameras=1))
    chunk = load_policy(config_for(checkpoint)).infer(observation)
    assert np.isfinite(chunk).all()


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_that_is_not_there_names_the_parameter(checkpoint: Path, config_for: Make) -> None:
    for device in ("cuda", "cuda:1"):
        with pytest.raises(ConfigurationError, match=f"device: {device} is not there"):
            load_policy(config_for(checkpoint, device=device))
    assert load_policy(config_for(checkpoint, device="auto")).description.device == "cpu"


def test_loading_leaves_standard_output_and_root_logging_alone(
    checkpoint: Path, config_for: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    load_policy(config_for(checkpoint))
    assert (list(root.handlers), root.level) == before
    assert capsys.readouterr().out == ""


def test_a_checkpoint_of_type_pi0_takes_the_same_way(
    checkpoint: Path, config_for: Make, observation: Observation, edit_json: Edit
) -> None:
    """Only its sizes are small: with LeRobot's own, this needs a machine with 24 GB."""
    from dataclasses import fields

    from lerobot.policies.pi0.configuration_pi0 import PI0Config

    from pi0_ros.policy.checkpoint_config import read_config
    from pi0_ros.policy.configuration_pi0_tiny import PI0TinyConfig

    tiny = read_config(checkpoint, "cpu")
    assert isinstance(tiny, PI0TinyConfig)
    expected = load_policy(config_for(checkpoint)).infer(observation)
    own_fields = {field.name for field in fields(PI0TinyConfig)} - {
        field.name for field in fields(PI0Config)
    }

    def as_pi0(content: dict[str, object]) -> None:
        content["type"] = "pi0"
        for name in own_fields:
            content.pop(name)

    edit_json(checkpoint / "config.json", as_pi0)
    with sizes_of(tiny):
        policy = load_policy(config_for(checkpoint, noise_scale=0.0))
    np.testing.assert_array_equal(policy.infer(observation), expected)


@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"mode": "auto"}, "mode"),
        ({"policy_units": "turns"}, "policy_units"),
        ({"device": "gpu"}, "device"),
        ({"camera_features": {}}, "cameras"),
        (
            {"camera_features": {"a": "observation.images.x", "b": "observation.images.x"}},
            "feature",
        ),
        ({"joints": 0}, "joint_names"),
        ({"image_shape": (0, 640)}, "image size"),
        ({"inference_steps": 0}, "inference_steps"),
        ({"noise_scale": float("nan")}, "noise_scale"),
        ({"threads": -1}, "threads"),
        ({"engine": "auto"}, "engine"),
        ({"precision": "float16"}, "precision"),
        ({"vision_precision": "int8"}, "vision_precision"),
        ({"engine": "lerobot", "vision_precision": "bfloat16"}, "vision_precision"),
    ],
)
def test_impossible_parameters_are_refused_by_name(
    tmp_path: Path, config_for: Make, changes: dict[str, object], parameter: str
) -> None:
    with pytest.raises(ConfigurationError, match=parameter):
        config_for(tmp_path, **changes)
