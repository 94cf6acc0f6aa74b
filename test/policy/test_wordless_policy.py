"""A policy of LeRobot's that reads no words (ACT), behind the same interface as Pi0."""

import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
import torch
from lerobot.configs import FeatureType, PolicyFeature
from lerobot.policies.act.configuration_act import ACTConfig
from lerobot.policies.act.modeling_act import ACTPolicy
from lerobot.policies.factory import make_pre_post_processors
from lerobot.policies.utils import prepare_observation_for_inference
from safetensors.torch import load_file, save_file

from pi0_ros.core.errors import CheckpointError, ConfigurationError, PolicyError, PolicyLost
from pi0_ros.core.observation import Observation
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.preflight import examine, unfit

CAMERAS, JOINTS, ROWS, PICTURE = ("main", "side"), 3, 8, (48, 64)
Make = Callable[..., PolicyConfig]
Edit = Callable[[Path, Callable[[dict[str, Any]], None]], None]
WEIGHT = "model.action_head.weight"
BUFFER = "model.backbone.bn1.running_mean"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small ACT with random weights, saved by LeRobot. Never change it: copy it."""
    torch.manual_seed(5)
    picture = PolicyFeature(FeatureType.VISUAL, (3, *PICTURE))
    config = ACTConfig(
        input_features={
            **{f"observation.images.{camera}": picture for camera in CAMERAS},
            "observation.state": PolicyFeature(FeatureType.STATE, (JOINTS,)),
        },
        output_features={"action": PolicyFeature(FeatureType.ACTION, (JOINTS,))},
        device="cpu",
        chunk_size=ROWS,
        n_action_steps=ROWS,
        pretrained_backbone_weights=None,
        dim_model=32,
        n_heads=2,
        dim_feedforward=32,
        n_encoder_layers=1,
        n_vae_encoder_layers=1,
        latent_dim=4,
    )
    policy = ACTPolicy(config)
    for name, buffer in policy.named_buffers():
        if name.endswith(("running_mean", "bias")):
            buffer.normal_(0.0, 0.1)
    # As a training run leaves it: the name of weights that LeRobot would download.
    config.pretrained_backbone_weights = "ResNet18_Weights.IMAGENET1K_V1"
    folder = tmp_path_factory.mktemp("made") / "act"
    policy.save_pretrained(folder)
    numbers = {"mean": torch.full((JOINTS,), 0.2), "std": torch.full((JOINTS,), 0.5)}
    pixels = {"mean": torch.full((3, 1, 1), 0.4), "std": torch.full((3, 1, 1), 0.3)}
    stats = {"observation.state": numbers, "action": numbers}
    stats |= {f"observation.images.{camera}": pixels for camera in CAMERAS}
    for pipeline in make_pre_post_processors(config, dataset_stats=stats):
        pipeline.save_pretrained(folder)
    return folder


@pytest.fixture
def act(made: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    shutil.copytree(made, folder)
    return folder


@pytest.fixture
def act_config(config_for: Make) -> Make:
    def make(path: Path, **changes: object) -> PolicyConfig:
        return config_for(path, **{"engine": "lerobot", **changes})

    return make


def rewrite(path: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    tensors = {name: value.clone() for name, value in load_file(path).items()}
    change(tensors)
    save_file(tensors, path)


def by_lerobot(folder: Path, observation: Observation) -> Any:
    """The chunk as LeRobot's own code computes it, weights loaded strictly."""
    config = ACTConfig.from_pretrained(folder)
    config.pretrained_backbone_weights = None
    policy = ACTPolicy(config)
    policy.load_state_dict(load_file(folder / "model.safetensors"), strict=True)
    before, after = make_pre_post_processors(config, pretrained_path=str(folder))
    values = {f"observation.images.{name}": value for name, value in observation.images.items()}
    values["observation.state"] = observation.positions.astype(np.float32)
    prepared = prepare_observation_for_inference(values, torch.device("cpu"))
    return after(policy.predict_action_chunk(before(prepared)))[0].double().numpy()


def test_the_chunk_is_lerobots_own(act: Path, act_config: Make, observation: Observation) -> None:
    policy = load_policy(act_config(act))
    chunk = policy.infer(observation)
    assert chunk.shape == (ROWS, JOINTS)
    assert np.array_equal(chunk, by_lerobot(act, observation))
    assert np.ptp(chunk) > 1e-3
    assert policy.description.policy_id.startswith("own-")
    assert (policy.description.horizon, policy.description.joints) == (ROWS, JOINTS)
    assert policy.description.cameras == CAMERAS


def test_it_sees_and_feels(act: Path, act_config: Make, observation: Observation) -> None:
    policy = load_policy(act_config(act))
    chunk = policy.infer(observation)
    swapped = dict(zip(CAMERAS, reversed(observation.images.values()), strict=True))
    for images, positions in (
        (swapped, observation.positions),
        (observation.images, observation.positions + 0.5),
    ):
        other = policy.infer(Observation(2, images, positions, "go"))
        assert not np.array_equal(other, chunk)


def test_it_reads_no_words(act: Path, act_config: Make, observation: Observation) -> None:
    policy = load_policy(act_config(act))
    policy.check_instruction("x" * 500)
    other = Observation(1, observation.images, observation.positions, "something else")
    assert np.array_equal(policy.infer(other), policy.infer(observation))


def test_degrees_are_the_checkpoints_only(
    act: Path, act_config: Make, observation: Observation
) -> None:
    degrees = Observation(1, observation.images, np.degrees(observation.positions), "go")
    chunk = load_policy(act_config(act, policy_units="deg")).infer(observation)
    assert chunk == pytest.approx(np.radians(load_policy(act_config(act)).infer(degrees)))


def test_nothing_is_downloaded(
    act: Path, act_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    load_policy(act_config(act))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda tensors: tensors.pop(WEIGHT), ("missing", WEIGHT)),
        (lambda tensors: tensors.pop(BUFFER), ("missing", BUFFER)),
        (lambda tensors: tensors.update(surprise=torch.zeros(1)), ("no place", "surprise")),
        (lambda tensors: tensors.update({WEIGHT: torch.zeros(2, 2)}), ("shape", WEIGHT)),
        (lambda tensors: tensors[WEIGHT].fill_(float("nan")), ("not finite", WEIGHT)),
        (lambda tensors: tensors[BUFFER].fill_(float("inf")), ("not finite", BUFFER)),
    ],
)
def test_a_wrong_tensor_is_refused_by_name(
    act: Path, act_config: Make, change: Callable[[Any], object], words: tuple[str, ...]
) -> None:
    rewrite(act / "model.safetensors", change)
    with pytest.raises(CheckpointError) as error:
        load_policy(act_config(act))
    assert all(word in str(error.value) for word in words)


def test_a_loader_that_puts_nothing_in_is_found_out(
    act: Path, act_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.nn.Module, "load_state_dict", lambda *_, **__: None)
    with pytest.raises(CheckpointError, match="was not loaded"):
        load_policy(act_config(act))


def test_a_buffer_that_is_not_the_files_is_found_out(
    act: Path, act_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = torch.nn.Module.load_state_dict

    def forgetful(module: Any, tensors: Any, **options: Any) -> Any:
        return load(module, {**tensors, BUFFER: torch.zeros_like(tensors[BUFFER])}, **options)

    monkeypatch.setattr(torch.nn.Module, "load_state_dict", forgetful)
    with pytest.raises(CheckpointError, match=BUFFER):
        load_policy(act_config(act))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"engine": "fast"}, "engine to 'lerobot'"),
        ({"precision": "bfloat16"}, "precision"),
        ({"allow_image_resize": True}, "allow_image_resize"),
        ({"inference_steps": 3}, "inference_steps"),
        ({"noise_seed": 3}, "noise_seed"),
        ({"noise_scale": 0.0}, "noise_scale"),
        ({"tokenizer_path": "/somewhere"}, "tokenizer_path"),
    ],
)
def test_what_it_does_not_have_cannot_be_asked_for(
    act: Path, act_config: Make, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        load_policy(act_config(act, **changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"image_shape": (24, 32)}, "64x48"),
        ({"joints": 4}, "joint_names"),
        ({"camera_features": {"main": "observation.images.main"}}, "cameras.<name>.feature"),
    ],
)
def test_a_robot_it_is_not_for_is_refused(
    act: Path, act_config: Make, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(CheckpointError, match=words):
        load_policy(act_config(act, **changes))


def test_before_loading_every_parameter_it_does_not_have_is_named(
    act: Path, act_config: Make
) -> None:
    found = examine(act, None)
    assert (found.problems, unfit(found, act_config(act))) == ((), ())
    asked = act_config(act, precision="bfloat16", noise_seed=3, inference_steps=3)
    names = [str(problem).partition(":")[0] for problem in unfit(found, asked)]
    assert names == ["precision", "inference_steps", "noise_seed"]


def test_what_the_bridge_cannot_feed_is_named(act: Path, act_config: Make, edit_json: Edit) -> None:
    def needs_more(config: dict[str, Any]) -> None:
        config["input_features"]["observation.environment_state"] = {"type": "ENV", "shape": [4]}

    edit_json(act / "config.json", needs_more)
    with pytest.raises(CheckpointError, match=r"observation\.environment_state"):
        load_policy(act_config(act))


def test_scaling_is_proven_complete(act: Path, act_config: Make) -> None:
    (file,) = act.glob("policy_preprocessor_step_*_normalizer_processor.safetensors")
    rewrite(file, lambda tensors: tensors.pop("observation.images.side.std"))
    with pytest.raises(CheckpointError, match=r"observation.images.side.std is missing"):
        load_policy(act_config(act))


def test_an_unknown_step_is_refused(act: Path, act_config: Make, edit_json: Edit) -> None:
    def add(pipeline: dict[str, Any]) -> None:
        pipeline["steps"].append({"registry_name": "relative_actions_processor", "config": {}})

    edit_json(act / "policy_preprocessor.json", add)
    with pytest.raises(CheckpointError, match="RelativeActionsProcessorStep"):
        load_policy(act_config(act))


def test_a_chunk_that_is_not_finite_is_dropped(
    act: Path, act_config: Make, observation: Observation, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = load_policy(act_config(act))

    def mad(*_: object) -> Any:
        return torch.full((1, ROWS, JOINTS), float("nan"))

    monkeypatch.setattr(ACTPolicy, "predict_action_chunk", mad)
    with pytest.raises(PolicyError, match="not finite"):
        policy.infer(observation)


def test_a_lost_device_is_the_policys_end(
    act: Path, act_config: Make, observation: Observation, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = load_policy(act_config(act))

    def fail(*_: object) -> NoReturn:
        raise RuntimeError("CUDA error: an illegal memory access")

    monkeypatch.setattr(ACTPolicy, "predict_action_chunk", fail)
    with pytest.raises(PolicyLost, match="cpu: device lost"):
        policy.infer(observation)


def test_only_known_types_are_taken(act: Path, act_config: Make, edit_json: Edit) -> None:
    edit_json(act / "config.json", lambda config: config.update(type="diffusion"))
    with pytest.raises(CheckpointError, match="expected act or pi0"):
        load_policy(act_config(act))
