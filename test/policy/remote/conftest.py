"""A puppet server, and a policy that asks it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pi0_ros.core.observation import Observation
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.remote.remote_config import RemoteConfig
from pi0_ros.policy.remote.remote_policy import RemotePolicy, connect_policy

from .puppet import JOINTS, PICTURE, Puppet, puppet_server


class Clock:
    """Steady time that a test turns on."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def puppet() -> Iterator[Puppet]:
    with puppet_server() as puppet:
        yield puppet


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def connected(puppet: Puppet, clock: Clock) -> Iterator[Callable[..., RemotePolicy]]:
    """Connects to the puppet; keyword arguments change either configuration."""
    policies: list[RemotePolicy] = []

    def connect(**changes: Any) -> RemotePolicy:
        ours = {
            name: changes.pop(name)
            for name in list(changes)
            if name in RemoteConfig.__dataclass_fields__
        }
        remote = RemoteConfig(**{"url": puppet.url, "call_timeout_s": 5.0, **ours})
        values: dict[str, Any] = {
            "path": Path(),
            "mode": "real",
            "camera_features": {"main": "observation/main", "side": "images>side"},
            "joints": JOINTS,
            "image_shape": PICTURE,
            **changes,
        }
        policy = connect_policy(PolicyConfig(**values, remote=remote), remote, clock)
        policies.append(policy)
        return policy

    yield connect
    for policy in policies:
        policy.close()


@pytest.fixture
def seen() -> Observation:
    rng = np.random.default_rng(4)
    return Observation(
        stamp_ns=1,
        images={
            name: rng.integers(0, 256, (*PICTURE, 3), dtype=np.uint8) for name in ("main", "side")
        },
        positions=rng.normal(size=JOINTS),
        instruction="pick",
    )
