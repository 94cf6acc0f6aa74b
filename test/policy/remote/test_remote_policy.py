"""The policy interface over the network: what is sent, and what is taken."""

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pi0_ros.core.errors import ConfigurationError, PolicyError
from pi0_ros.core.observation import Observation
from pi0_ros.policy.remote.remote_config import MessageKeys
from pi0_ros.policy.remote.remote_policy import RemotePolicy
from pi0_ros.policy.remote.wire import pack, unpack

from .puppet import (
    CHUNK,
    JOINTS,
    PICTURE,
    ROWS,
    Puppet,
)

Connect = Callable[..., RemotePolicy]


def test_says_that_it_is_remote_and_where(connected: Connect, puppet: Puppet) -> None:
    described = connected().description
    digest = hashlib.sha256(puppet.greeting).hexdigest()[:12]
    assert described.policy_id == f"remote/127.0.0.1:{puppet.port}/unnamed-{digest}"
    assert (described.device, described.is_demo) == ("remote", False)
    assert (described.horizon, described.joints) == (ROWS, JOINTS)
    assert described.cameras == ("main", "side")
    assert described.image_shape == PICTURE


def test_an_observation_goes_out_under_the_configured_names(
    connected: Connect, puppet: Puppet, seen: Observation
) -> None:
    connected(keys=MessageKeys(state="state", prompt="task")).infer(seen)
    sent = unpack(puppet.requests[-1])
    assert sent.keys() == {"observation/main", "images", "state", "task"}
    assert np.array_equal(sent["observation/main"], seen.images["main"])
    assert np.array_equal(sent["images"]["side"], seen.images["side"])
    assert sent["images"]["side"].dtype == np.uint8
    assert sent["state"].tobytes() == seen.positions.tobytes()
    assert sent["task"] == "pick"


def test_channels_come_first_where_the_server_wants_them_so(
    connected: Connect, puppet: Puppet, seen: Observation
) -> None:
    connected(image_layout="chw").infer(seen)
    picture = unpack(puppet.requests[-1])["observation/main"]
    assert np.array_equal(picture, seen.images["main"].transpose(2, 0, 1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_chunk_is_what_the_server_sent(
    connected: Connect, puppet: Puppet, seen: Observation, dtype: Any
) -> None:
    chunk = (CHUNK + 1 / 3).astype(dtype)
    answer = {"actions": chunk, "state": np.zeros(2), "server_timing": {"infer_ms": 1.5}}
    puppet.answer = lambda number: pack(answer)
    came = connected().infer(seen)
    assert came.dtype == np.float64
    assert np.array_equal(came, chunk)


def test_degrees_go_out_and_come_back_where_the_policy_speaks_them(
    connected: Connect, puppet: Puppet, seen: Observation
) -> None:
    came = connected(policy_units="deg").infer(seen)
    sent = unpack(puppet.requests[-1])["observation/state"]
    assert sent == pytest.approx(np.degrees(seen.positions))
    assert came == pytest.approx(np.radians(CHUNK))


def test_the_chunk_lies_where_it_is_said_to(
    connected: Connect, puppet: Puppet, seen: Observation
) -> None:
    puppet.answer = lambda number: pack({"out": {"joints": CHUNK}})
    assert np.array_equal(connected(keys=MessageKeys(actions="out>joints")).infer(seen), CHUNK)


def test_two_values_under_one_key_are_refused_before_anything_is_sent(
    connected: Connect, puppet: Puppet
) -> None:
    with pytest.raises(ConfigurationError, match="given to two values"):
        connected(keys=MessageKeys(state="prompt"))
    assert puppet.requests == []


def test_observations_that_are_none_do_not_leave(
    connected: Connect, puppet: Puppet, seen: Observation
) -> None:
    policy = connected()
    lacking = Observation(1, {"main": seen.images["main"]}, seen.positions, "pick")
    small = Observation(1, dict.fromkeys(seen.images, np.zeros((2, 2, 3), np.uint8)), [0] * 3, "a")  # type: ignore[arg-type]
    mad = Observation(1, seen.images, np.full(JOINTS, np.nan), "pick")
    for wrong in (lacking, small, mad):
        with pytest.raises(PolicyError):
            policy.infer(wrong)
    assert len(puppet.requests) == 1
