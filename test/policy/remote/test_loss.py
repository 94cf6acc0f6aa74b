"""Servers that go, hang, come back, or come back as another."""

import gc
from collections.abc import Callable

import numpy as np
import pytest

from pi0_ros.core.errors import PolicyError, PolicyUnavailable
from pi0_ros.core.observation import Observation
from pi0_ros.policy.remote.remote_policy import RemotePolicy, connect_policy
from pi0_ros.policy.remote.wire import pack

from .conftest import Clock
from .puppet import (
    CHUNK,
    GOOD,
    HANG_UP,
    SILENCE,
    Puppet,
    announced,
    wait_until,
)

Connect = Callable[..., RemotePolicy]


def test_a_server_that_is_not_there_is_unavailable(connected: Connect, puppet: Puppet) -> None:
    puppet.stop()
    with pytest.raises(PolicyUnavailable, match="no policy server answers there"):
        connected()


def test_a_server_that_does_not_answer_is_given_up_in_time(
    connected: Connect, puppet: Puppet, seen: Observation
) -> None:
    policy = connected(call_timeout_s=0.05)
    puppet.answer = lambda number: SILENCE
    with pytest.raises(PolicyUnavailable, match=r"longer than 0.05 s"):
        policy.infer(seen)


def test_a_server_that_does_not_say_what_it_is_is_given_up_in_time(
    connected: Connect, puppet: Puppet
) -> None:
    puppet.greeting = SILENCE
    with pytest.raises(PolicyUnavailable, match=r"connecting took longer than 0.1 s"):
        connected(connect_timeout_s=0.1)


def test_the_first_chunk_has_a_time_of_its_own(connected: Connect, puppet: Puppet) -> None:
    puppet.answer = lambda number: SILENCE
    with pytest.raises(PolicyUnavailable, match=r"longer than 0.1 s"):
        connected(warm_up_timeout_s=0.1, call_timeout_s=100.0)


def test_an_answer_that_comes_late_is_never_taken_for_the_next(
    connected: Connect, puppet: Puppet, seen: Observation
) -> None:
    policy = connected(call_timeout_s=0.05)
    puppet.answer = lambda number: SILENCE
    with pytest.raises(PolicyUnavailable):
        policy.infer(seen)
    assert puppet.connections == 1
    puppet.answer = lambda number: GOOD
    assert np.array_equal(connected().infer(seen), CHUNK)
    policy.infer(seen)
    assert puppet.connections == 3


def test_a_message_nobody_asked_for_is_never_taken_for_an_answer(
    connected: Connect, puppet: Puppet, seen: Observation
) -> None:
    other = pack({"actions": CHUNK + 1.0})
    policy = connected()
    # A message may be here before its sender has counted it.
    wait_until(lambda: puppet.sent == 2, "the greeting and the first chunk")
    puppet.answer = lambda number: [GOOD, other]
    assert np.array_equal(policy.infer(seen), CHUNK)
    wait_until(lambda: puppet.sent == 4, "the second message")
    puppet.answer = lambda number: GOOD
    with pytest.raises(PolicyError, match="nobody asked for"):
        policy.infer(seen)
    assert np.array_equal(policy.infer(seen), CHUNK)


def test_a_connection_cut_while_idle_is_made_again_without_a_word(
    connected: Connect, puppet: Puppet, seen: Observation
) -> None:
    policy = connected()
    puppet.stop()
    puppet.start()
    assert np.array_equal(policy.infer(seen), CHUNK)


def test_a_connection_cut_during_a_call_is_made_again_by_the_next(
    connected: Connect, puppet: Puppet, seen: Observation
) -> None:
    policy = connected()
    puppet.answer = lambda number: HANG_UP
    with pytest.raises(PolicyUnavailable, match="connection lost"):
        policy.infer(seen)
    puppet.answer = lambda number: GOOD
    assert np.array_equal(policy.infer(seen), CHUNK)


def test_attempts_to_connect_are_spaced_and_go_on_until_the_server_is_back(
    connected: Connect, puppet: Puppet, seen: Observation, clock: Clock
) -> None:
    policy = connected()
    puppet.stop()
    for wait_s in (0.25, 0.5, 1.0, 2.0, 4.0, 4.0):
        with pytest.raises(PolicyUnavailable, match="no policy server answers there"):
            policy.infer(seen)
        clock.now_s += 0.9 * wait_s
        with pytest.raises(PolicyUnavailable, match="next attempt in"):
            policy.infer(seen)
        clock.now_s += 0.2 * wait_s
    puppet.start()
    assert np.array_equal(policy.infer(seen), CHUNK)


def test_another_policy_behind_the_same_address_is_not_taken_for_the_first(
    connected: Connect, puppet: Puppet, seen: Observation
) -> None:
    first, other = announced(), announced(policy_id="other-ba9876543210")
    puppet.greeting = first
    policy = connected()
    puppet.stop()
    puppet.greeting = other
    puppet.start()
    for _ in range(2):
        with pytest.raises(PolicyError, match="other-ba9876543210") as error:
            policy.infer(seen)
        assert not isinstance(error.value, PolicyUnavailable)
    assert len(puppet.requests) == 1
    puppet.greeting = first
    assert np.array_equal(policy.infer(seen), CHUNK)


def test_the_connection_ends_with_the_policy_and_politely(
    connected: Connect, puppet: Puppet
) -> None:
    config = connected()._config
    assert config.remote is not None
    policy = connect_policy(config, config.remote)
    assert puppet.clients == 2
    del policy
    gc.collect()
    wait_until(lambda: puppet.goodbyes, "the end of the connection")
    assert puppet.goodbyes == [1000]
