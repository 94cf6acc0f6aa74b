"""What is no chunk moves no arm."""

from collections.abc import Callable
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pi0_ros.core.errors import PolicyError, PolicyUnavailable
from pi0_ros.core.observation import Observation
from pi0_ros.policy.remote.link import MOST_ANSWER_BYTES
from pi0_ros.policy.remote.remote_policy import MOST_ROWS, RemotePolicy
from pi0_ros.policy.remote.wire import pack

from .puppet import ANNOUNCED, BROKEN_TEXT, CHUNK, GOOD, JOINTS, Puppet

Connect = Callable[..., RemotePolicy]


def after_the_first(answer: Any) -> Callable[[int], Any]:
    """A good answer to warm up with, and this one ever after."""
    return lambda number: GOOD if number == 0 else answer


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


def test_a_text_that_is_none_is_the_servers_fault(
    connected: Connect, puppet: Puppet, seen: Observation
) -> None:
    puppet.answer = after_the_first(BROKEN_TEXT)
    with pytest.raises(PolicyError, match="does not keep to the protocol"):
        connected().infer(seen)


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
@settings(
    max_examples=60,
    # How long drawing and answering take says nothing of what is taken.
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
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
