"""Where a policy server is and what its messages are called."""

from typing import Any

import pytest

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.policy.remote.message_map import keys_of, nested, value_at
from pi0_ros.policy.remote.remote_config import MessageKeys, RemoteConfig, is_remote


def test_a_folder_is_not_taken_for_a_server() -> None:
    assert is_remote("ws://gpu:8000")
    assert is_remote("wss://gpu:8000")
    assert not is_remote("checkpoints/ws")
    assert not is_remote("/ws://gpu")
    assert not is_remote("")


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("ws://gpu:8000", "gpu:8000"),
        ("wss://10.0.0.5:443", "10.0.0.5:443"),
        ("ws://[::1]:8000", "[::1]:8000"),
        ("ws://gpu:8000/policy", "gpu:8000"),
    ],
)
def test_names_the_server(url: str, server: str) -> None:
    assert RemoteConfig(url).server == server


@pytest.mark.parametrize(
    "url",
    [
        "ws://gpu",
        "ws://:8000",
        "ws://gpu:0",
        "ws://gpu:70000",
        "ws://gpu:port",
        "http://gpu:8000",
        "gpu:8000",
        "ws://gpu:8000?key=1",
        "ws://gpu:8000#part",
    ],
)
def test_an_address_that_cannot_work_names_the_parameter(url: str) -> None:
    with pytest.raises(ConfigurationError, match="policy_path"):
        RemoteConfig(url)


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigurationError) as error:
        RemoteConfig("ws://me:secret@gpu:8000")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"connect_timeout_s": 0.0}, "remote_connect_timeout"),
        ({"call_timeout_s": float("nan")}, "remote_call_timeout"),
        ({"warm_up_timeout_s": float("inf")}, "remote_warm_up_timeout"),
        ({"image_layout": "nchw"}, "remote_image_layout"),
    ],
)
def test_values_that_cannot_work_name_the_parameter(
    changes: dict[str, Any], parameter: str
) -> None:
    with pytest.raises(ConfigurationError, match=parameter):
        RemoteConfig("ws://gpu:8000", **changes)


@pytest.mark.parametrize("key", ["", ">", "a>", ">a", "a>>b"])
def test_an_empty_name_in_a_key_is_refused(key: str) -> None:
    with pytest.raises(ConfigurationError, match="remote_state_key"):
        MessageKeys(state=key)


def test_a_key_steps_into_maps() -> None:
    message = nested([("images>a", 1), ("images>b", 2), ("state", 3)])
    assert message == {"images": {"a": 1, "b": 2}, "state": 3}
    assert value_at(message, "images>b") == 2
    assert keys_of(message) == ["images>a", "images>b", "state"]
    for missing in ("images>c", "other", "state>a", "images>a>b"):
        with pytest.raises(KeyError):
            value_at(message, missing)


@pytest.mark.parametrize("keys", [["a", "a"], ["a", "a>b"], ["a>b", "a"], ["a>b", "a>b>c"]])
def test_two_values_in_one_place_are_refused(keys: list[str]) -> None:
    with pytest.raises(ConfigurationError):
        nested((key, 1) for key in keys)
