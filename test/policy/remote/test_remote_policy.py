"""The policy interface over the network: what is sent, what is taken, and what a loss does."""

import gc
import hashlib
import time
from collections.abc import Callable
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pi0_ros.core.errors import ConfigurationError, PolicyError, PolicyUnavailable
from pi0_ros.core.observation import Observation
from pi0_ros.policy.remote.announcement import Announcement
from pi0_ros.policy.remote.link import MOST_ANSWER_BYTES
from pi0_ros.policy.remote.remote_config import MessageKeys
from pi0_ros.policy.remote.remote_policy import MOST_ROWS, RemotePolicy, connect_policy
from pi0_ros.policy.remote.wire import pack, unpack

from .conftest import Clock
from .puppet import CHUNK, DEADLINE_S, GOOD, HANG_UP, JOINTS, PICTURE, ROWS, SILENCE, Puppet

Connect = Callable[..., RemotePolicy]
ANNOUNCED = Announcement(
    policy_id="own-0123456789ab",
    demo=False,
    horizon=ROWS,
    joints=JOINTS,
    image_height=PICTURE[0],
    image_width=PICTURE[1],
    pictures=("observation/main", "images>side"),
    state="observation/state",
    prompt="prompt",
    actions="actions",
)


def after_the_first(answer: Any) -> Callable[[int], Any]:
    """A good answer to warm up with, and this one ever after."""
    return lambda number: GOOD if number == 0 else answer


# ---- what is sent and taken ----


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


# ---- answers that are none ----

WRONG_ANSWERS = {
    "nothing": pack({}),
    "another name": pack({"action": CHUNK}),
    "a list": pack({"actions": CHUNK.tolist()}),
    "a text": pack({"actions": "up"}),
    "nothing at all": pack({"actions": None}),
    "whole numbers": pack({"actions": CHUNK.astype(np.int64)}),
    "half floats": pack({"actions": CHUNK.astype(np.float16)}),
    "one row too few": pack({"actions": CHUNK[1:]}),
    "one row too many": pack({"actions": np.vstack([CHUNK, CHUNK[:1]])}),
    "one joint too few": pack({"actions": CHUNK[:, 1:]}),
    "one joint too many": pack({"actions": np.hstack([CHUNK, CHUNK[:, :1]])}),
    "a batch": pack({"actions": CHUNK[np.newaxis]}),
    "one row": pack({"actions": CHUNK[0]}),
    "no rows": pack({"actions": CHUNK[:0]}),
    "not a number": pack({"actions": np.where(CHUNK[1, 1] == CHUNK, np.nan, CHUNK)}),
    "infinite": pack({"actions": np.where(CHUNK[1, 1] == CHUNK, -np.inf, CHUNK)}),
    "no msgpack": b"\xc1",
    "no bytes": b"",
    "half a message": GOOD[:-9],
    "two messages": GOOD + GOOD,
    "objects": msgpack.packb(
        {"actions": {b"__ndarray__": True, b"data": b"x" * 8, b"dtype": "|O", b"shape": [1]}}
    ),
    "too large": bytes(MOST_ANSWER_BYTES + 1),
}


@pytest.mark.parametrize("answer", WRONG_ANSWERS.values(), ids=WRONG_ANSWERS.keys())
def test_an_answer_that_is_no_chunk_is_refused_and_the_next_good_one_taken(
    connected: Connect, puppet: Puppet, seen: Observation, answer: bytes
) -> None:
    policy = connected()
    puppet.answer = lambda number: answer
    with pytest.raises(PolicyError) as error:
        policy.infer(seen)
    assert not isinstance(error.value, PolicyUnavailable)
    assert f"127.0.0.1:{puppet.port}" in str(error.value)
    puppet.answer = lambda number: GOOD
    assert np.array_equal(policy.infer(seen), CHUNK)


@pytest.mark.parametrize("answer", WRONG_ANSWERS.values(), ids=WRONG_ANSWERS.keys())
def test_the_first_answer_is_checked_as_well(
    connected: Connect, puppet: Puppet, answer: bytes
) -> None:
    other_rows = answer in (WRONG_ANSWERS["one row too few"], WRONG_ANSWERS["one row too many"])
    puppet.greeting = pack(ANNOUNCED.message()) if other_rows else puppet.greeting
    puppet.answer = lambda number: answer
    with pytest.raises(PolicyError):
        connected()


def test_an_answer_larger_than_any_chunk_is_not_even_read(
    connected: Connect, puppet: Puppet, seen: Observation
) -> None:
    policy = connected()
    puppet.answer = lambda number: pack({"actions": CHUNK, "more": bytes(MOST_ANSWER_BYTES)})
    with pytest.raises(PolicyError, match=f"at most {MOST_ANSWER_BYTES} bytes"):
        policy.infer(seen)


def test_more_rows_than_any_policy_has_are_refused(connected: Connect, puppet: Puppet) -> None:
    puppet.answer = lambda number: pack({"actions": np.zeros((MOST_ROWS + 1, JOINTS))})
    with pytest.raises(PolicyError, match=f"1 to {MOST_ROWS} rows"):
        connected()


@given(
    st.binary(max_size=80)
    | st.dictionaries(
        st.sampled_from(["actions", "x"]),
        st.none() | st.floats() | st.text() | st.lists(st.floats()) | st.binary(),
    ).map(msgpack.packb)
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_answer_but_a_chunk_is_taken(
    connected: Connect, puppet: Puppet, seen: Observation, answer: bytes
) -> None:
    puppet.answer = lambda number: GOOD
    policy = connected()
    puppet.answer = lambda number: answer
    with pytest.raises(PolicyError):
        policy.infer(seen)
    policy.close()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("InputRefused: no\nprompt", r"instead of a chunk: InputRefused: no\\nprompt"),
        (
            "Traceback:\n" + "  a line\n" * 99 + "KeyError: 'cam_high'\n",
            "chunk: KeyError: 'cam_high'",
        ),
        ("\x1b[2Jcleared", r"chunk: \\x1b\[2Jcleared"),
        ("", "an empty text"),
        (" \n", "an empty text"),
    ],
)
def test_a_text_is_an_error_told_by_its_text(
    connected: Connect, puppet: Puppet, seen: Observation, text: str, told: str
) -> None:
    puppet.answer = after_the_first(text)
    policy = connected()
    with pytest.raises(PolicyError, match=told) as error:
        policy.infer(seen)
    assert str(error.value).isprintable()
    assert not isinstance(error.value, PolicyUnavailable)


# ---- what the server says of itself ----


def announced(**changes: Any) -> bytes:
    message = ANNOUNCED.message()
    message["pi0_ros"] |= changes
    return pack(message)


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


# ---- loss and return ----


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
    puppet.answer = lambda number: [GOOD, other]
    assert np.array_equal(policy.infer(seen), CHUNK)
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
    deadline = time.monotonic() + DEADLINE_S
    while not puppet.goodbyes:
        assert time.monotonic() < deadline, "the connection outlives its policy"
        time.sleep(0.01)
    assert puppet.goodbyes == [1000]
