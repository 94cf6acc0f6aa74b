"""Which engine runs, and that it never is another one than was asked for."""

import array
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from pi0_ros.core.errors import CheckpointError, ConfigurationError
from pi0_ros.core.images import rgb_from_raw
from pi0_ros.core.observation import Observation
from pi0_ros.core.observation_builder import ObservationBuilder
from pi0_ros.core.observation_config import ObservationConfig
from pi0_ros.policy.engines import make_engine
from pi0_ros.policy.fast.engine import FastEngine
from pi0_ros.policy.fast.pictures import Letterbox
from pi0_ros.policy.lerobot_engine import LeRobotEngine
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.policy_config import PolicyConfig

Make = Callable[..., PolicyConfig]
Edit = Callable[[Path, Callable[[dict[str, Any]], None]], None]

PREPROCESSOR = "policy_preprocessor.json"


def changed(observation: Observation, **changes: Any) -> Observation:
    values = {
        "stamp_ns": observation.stamp_ns,
        "images": observation.images,
        "positions": observation.positions,
        "instruction": observation.instruction,
    }
    return Observation(**{**values, **changes})


@pytest.mark.parametrize(("engine", "kind"), [("fast", FastEngine), ("lerobot", LeRobotEngine)])
def test_the_engine_asked_for_is_the_one_that_runs(
    trained: Path,
    config_for: Make,
    observation: Observation,
    monkeypatch: pytest.MonkeyPatch,
    engine: str,
    kind: type[Any],
) -> None:
    policy = load_policy(config_for(trained, mode="demo", engine=engine))
    calls = []
    original = kind.chunk
    monkeypatch.setattr(kind, "chunk", lambda *args: (calls.append(kind), original(*args))[1])
    policy.infer(observation)
    assert calls == [kind]
    assert kind.name == engine


def test_the_fast_engine_reads_pictures_where_their_messages_have_them(
    trained: Path, config_for: Make, observation: Observation, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = load_policy(config_for(trained, mode="demo", engine="fast"))
    cameras, (height, width) = policy.description.cameras, policy.description.image_shape
    joints = [f"joint_{number}" for number in range(policy.description.joints)]
    builder = ObservationBuilder(ObservationConfig(cameras, tuple(joints), (height, width)))
    builder.set_instruction(observation.instruction, 0)
    builder.add_joint_state(1, joints, observation.positions, 1, 1)
    data = {camera: array.array("B", observation.images[camera].tobytes()) for camera in cameras}
    for camera, received in data.items():
        pixels = rgb_from_raw("rgb8", height, width, 3 * width, received, (height, width))
        builder.add_image(camera, 1, pixels, 1, 1)
    loaded: list[Any] = []
    load = Letterbox.load
    monkeypatch.setattr(
        Letterbox, "load", lambda box, pictures: (loaded.extend(pictures), load(box, pictures))[1]
    )
    policy.infer(builder.build(1, 1))
    addresses = [picture.__array_interface__["data"][0] for picture in loaded]
    assert addresses == [data[camera].buffer_info()[0] for camera in cameras]


def test_fast_is_the_default(tmp_path: Path, config_for: Make) -> None:
    assert config_for(tmp_path).engine == "fast"


@pytest.mark.parametrize("changes", [{}, {"policy_units": "deg"}, {"inference_steps": 3}])
def test_both_engines_give_the_same_chunk_through_the_whole_policy(
    trained: Path, config_for: Make, observation: Observation, changes: dict[str, Any]
) -> None:
    fast, lerobot = (
        load_policy(
            config_for(
                trained, mode="demo", engine=engine, noise_scale=1.0, noise_seed=3, **changes
            )
        )
        for engine in ("fast", "lerobot")
    )
    rng = np.random.default_rng(0)
    # There and back, prompts of equal and of other length, fresh pictures and states each time.
    for instruction in ("go to the red block", "go", "go to the blue block", "go", "a b", "b a"):
        moment = changed(
            observation,
            instruction=instruction,
            positions=rng.normal(size=3),
            images={
                name: rng.integers(0, 256, picture.shape, dtype=np.uint8)
                for name, picture in observation.images.items()
            },
        )
        np.testing.assert_allclose(fast.infer(moment), lerobot.infer(moment), atol=1e-4, rtol=0)


def test_a_chunk_keeps_its_values_when_the_next_one_is_computed(
    trained: Path, config_for: Make, observation: Observation
) -> None:
    policy = load_policy(config_for(trained, mode="demo"))
    first = policy.infer(observation)
    kept = first.copy()
    policy.infer(changed(observation, positions=observation.positions + 0.3))
    np.testing.assert_array_equal(first, kept)


def test_relative_actions_are_added_to_the_present_state(
    checkpoint: Path, config_for: Make, edit_json: Edit, observation: Observation
) -> None:
    def enable(content: dict[str, Any]) -> None:
        for step in content["steps"]:
            if step["registry_name"] in (
                "relative_actions_processor",
                "absolute_actions_processor",
            ):
                step["config"]["enabled"] = True

    edit_json(checkpoint / "config.json", lambda content: content.update(use_relative_actions=True))
    edit_json(checkpoint / PREPROCESSOR, enable)
    edit_json(checkpoint / "policy_postprocessor.json", enable)
    fast, lerobot = (
        load_policy(config_for(checkpoint, engine=engine, noise_scale=0.0))
        for engine in ("fast", "lerobot")
    )
    for shift in (0.0, 1.0):
        moment = changed(observation, positions=observation.positions + shift)
        np.testing.assert_allclose(fast.infer(moment), lerobot.infer(moment), atol=1e-4, rtol=0)


def rename_a_camera(content: dict[str, Any]) -> None:
    content["steps"][0]["config"]["rename_map"] = {
        "observation.images.main": "observation.images.side"
    }


def add_a_step(content: dict[str, Any]) -> None:
    step = {"registry_name": "image_crop_resize_processor", "config": {}}
    content["steps"].insert(1, step)


def test_renamed_pictures_are_refused_and_not_guessed(
    checkpoint: Path, config_for: Make, edit_json: Edit
) -> None:
    edit_json(checkpoint / PREPROCESSOR, rename_a_camera)
    with pytest.raises(CheckpointError, match=r"renames observation\.images\..*'lerobot'"):
        load_policy(config_for(checkpoint))


def test_a_step_that_the_engine_does_not_know_is_refused(
    checkpoint: Path, config_for: Make, edit_json: Edit
) -> None:
    names = [
        step["registry_name"]
        for step in json.loads((checkpoint / PREPROCESSOR).read_text())["steps"]
    ]
    assert "image_crop_resize_processor" not in names
    edit_json(checkpoint / PREPROCESSOR, add_a_step)
    with pytest.raises(CheckpointError, match=r"step \w*Crop\w*: set the parameter engine"):
        load_policy(config_for(checkpoint))


def test_scaled_pictures_are_refused(checkpoint: Path, config_for: Make, edit_json: Edit) -> None:
    fake = _model_of_type("pi0", VISUAL="MEAN_STD")
    with pytest.raises(CheckpointError, match=r"scales its pictures by MEAN_STD.*'lerobot'"):
        _make_fast(fake, config_for(checkpoint))


def test_another_type_of_policy_is_refused_and_not_handed_to_lerobot(
    checkpoint: Path, config_for: Make
) -> None:
    with pytest.raises(ConfigurationError, match=r"engine: 'fast' runs .*'act'.*'lerobot'"):
        _make_fast(_model_of_type("act"), config_for(checkpoint))


def _model_of_type(kind: str, **scaling: str) -> Any:
    return SimpleNamespace(config=SimpleNamespace(type=kind, normalization_mapping=scaling))


def _make_fast(model: Any, config: PolicyConfig) -> None:
    processors: Any = SimpleNamespace(before=SimpleNamespace(steps=[]))
    make_engine(model, {}, Path("weights"), processors, ("main",), config, torch.device("cpu"))


@pytest.mark.parametrize("engine", ["fast", "lerobot"])
def test_precision_overrides_what_the_checkpoint_says(
    trained: Path, config_for: Make, observation: Observation, engine: str
) -> None:
    options = {"mode": "demo", "engine": engine}
    exact = load_policy(config_for(trained, **options)).infer(observation)
    rounded = load_policy(config_for(trained, **options, precision="bfloat16")).infer(observation)
    assert 0.0 < np.abs(rounded - exact).max() < 0.1
