"""What a server says of itself, and what it is held to."""

from collections.abc import Callable
from typing import Any

import pytest

from pi0_ros.core.errors import ConfigurationError, PolicyError
from pi0_ros.policy.remote.link import MOST_ANSWER_BYTES
from pi0_ros.policy.remote.remote_policy import RemotePolicy
from pi0_ros.policy.remote.wire import pack

from .puppet import ROWS, Puppet, announced

Connect = Callable[..., RemotePolicy]


def test_a_server_of_ours_is_named_by_what_it_serves(connected: Connect, puppet: Puppet) -> None:
    puppet.greeting = announced()
    assert connected().description.policy_id.endswith("/own-0123456789ab")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"joints": 7}, "joint_names"),
        ({"image_width": 9}, "image_width"),
        ({"pictures": ["observation/main"]}, "cameras.<name>.feature"),
        ({"pictures": ["observation/main", "observation/side"]}, "cameras.<name>.feature"),
        ({"state": "state"}, "remote_state_key"),
        ({"prompt": "task"}, "remote_prompt_key"),
        ({"actions": "action"}, "remote_actions_key"),
        ({"demo": True}, "set it to 'demo'"),
    ],
)
def test_a_misfit_is_told_before_the_first_observation(
    connected: Connect, puppet: Puppet, changes: dict[str, Any], words: str
) -> None:
    puppet.greeting = announced(**changes)
    with pytest.raises(ConfigurationError, match=words):
        connected()
    assert puppet.requests == []


def test_degrees_do_not_go_to_a_server_that_speaks_radians(
    connected: Connect, puppet: Puppet
) -> None:
    puppet.greeting = announced()
    with pytest.raises(ConfigurationError, match="policy_units"):
        connected(policy_units="deg")


def test_demo_is_what_a_server_says_it_serves(connected: Connect, puppet: Puppet) -> None:
    with pytest.raises(ConfigurationError, match="set mode to 'real'"):
        connected(mode="demo")
    puppet.greeting = announced(demo=True)
    assert connected(mode="demo").description.is_demo


@pytest.mark.parametrize(
    "greeting",
    [
        "an error",
        b"\xc1",
        pack({"pi0_ros": 5}),
        pack({"pi0_ros": {}}),
        announced(joints=0),
        announced(joints=True),
        announced(joints="3"),
        announced(demo=1),
        announced(policy_id=None),
        announced(pictures="main"),
        announced(pictures=[1]),
        bytes(MOST_ANSWER_BYTES + 1),
    ],
    ids=range(12),
)
def test_a_greeting_that_is_none_is_refused(
    connected: Connect, puppet: Puppet, greeting: Any
) -> None:
    puppet.greeting = greeting
    with pytest.raises(PolicyError):
        connected()


def test_another_number_of_rows_than_announced_is_refused(
    connected: Connect, puppet: Puppet
) -> None:
    puppet.greeting = announced(horizon=ROWS + 1)
    with pytest.raises(PolicyError, match=f"announces chunks of {ROWS + 1} rows"):
        connected()
