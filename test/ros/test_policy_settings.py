"""What the policy node's parameters mean to a remote policy."""

from pathlib import Path
from typing import Any

import pytest

from pi0_ros.core.errors import PolicyUnavailable
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.remote.remote_config import MessageKeys, RemoteConfig
from pi0_ros.ros.managed_node import Phase
from pi0_ros.ros.policy import PolicyNode

from .policy_rig import BASE

URL = "ws://127.0.0.1:9"


def configured(world: Any, stub: Any, parameters: dict[str, Any]) -> tuple[Any, list[PolicyConfig]]:
    taken: list[PolicyConfig] = []

    def load(config: PolicyConfig) -> Any:
        taken.append(config)
        return stub

    node = world.start(PolicyNode, {**BASE, "policy_path": URL, **parameters}, load=load)
    node.trigger_configure()
    return node, taken


def test_a_server_has_names_and_times_by_default(world: Any, stub: Any) -> None:
    _, (config,) = configured(world, stub, {})
    assert config.remote == RemoteConfig(URL)
    assert config.camera_features == {"main": "observation/main", "side": "observation/side"}
    assert config.source == URL


def test_names_and_times_are_parameters(world: Any, stub: Any) -> None:
    _, (config,) = configured(
        world,
        stub,
        {
            "cameras.main.feature": "images>cam_high",
            "remote_state_key": "state",
            "remote_prompt_key": "task",
            "remote_actions_key": "action",
            "remote_image_layout": "chw",
            "remote_connect_timeout": 1.5,
            "remote_call_timeout": 0.5,
            "remote_warm_up_timeout": 60.0,
        },
    )
    assert config.camera_features["main"] == "images>cam_high"
    assert config.remote == RemoteConfig(
        URL, MessageKeys("state", "task", "action"), "chw", 1.5, 0.5, 60.0
    )


def test_a_folder_is_no_server(world: Any, stub: Any) -> None:
    _, (config,) = configured(world, stub, {"policy_path": "/stub"})
    assert config.remote is None
    assert config.path == Path("/stub")
    assert config.camera_features["main"] == "observation.images.main"


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"policy_path": "ws://gpu"}, "policy_path: expected ws://HOST:PORT"),
        ({"remote_call_timeout": 8.0}, "inference_timeout"),
        ({"remote_state_key": "a>"}, "remote_state_key"),
    ],
)
def test_what_cannot_work_is_told_with_its_parameter(
    world: Any, stub: Any, parameters: dict[str, Any], words: str
) -> None:
    node, taken = configured(world, stub, parameters)
    assert node.phase is Phase.UNCONFIGURED
    assert words in node.refusal
    assert not taken


def test_a_server_that_is_not_there_leaves_the_reason(world: Any) -> None:
    def load(config: PolicyConfig) -> Any:
        raise PolicyUnavailable(f"{config.source}: no policy server answers there")

    node = world.start(PolicyNode, {**BASE, "policy_path": URL}, load=load)
    node.trigger_configure()
    assert node.phase is Phase.UNCONFIGURED
    assert "no policy server answers there" in node.refusal
