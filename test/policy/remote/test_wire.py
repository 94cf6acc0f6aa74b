"""Messages as bytes: what is written comes back, and nothing else comes through."""

import math
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn

from pi0_ros.core.errors import InputRefused
from pi0_ros.policy.remote.wire import pack, unpack

DTYPES = ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8")
arrays = st.sampled_from(DTYPES).flatmap(
    lambda dtype: hn.arrays(np.dtype(dtype), hn.array_shapes(min_dims=0, max_dims=4, min_side=0))
)
plain = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text()
values = st.recursive(
    plain | st.binary() | arrays,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return (
            isinstance(b, np.ndarray)
            and (a.dtype, a.shape) == (b.dtype, b.shape)
            and a.tobytes() == b.tobytes()
        )
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or (a != a and b != b))


def outcome(data: bytes) -> str:
    """The refusal's kind, or the message's type."""
    try:
        return type(unpack(data)).__name__
    except InputRefused as refusal:
        return refusal.kind


@given(st.dictionaries(st.text(), values))
def test_what_is_written_comes_back_to_the_bit(message: dict[str, Any]) -> None:
    assert same(message, unpack(pack(message)))


def test_the_format_is_openpis() -> None:
    """Field by field as its client and server have it, so that either end may be theirs."""
    written = msgpack.unpackb(pack({"state": np.array([[1.5, 2.0]], np.float32)}))
    assert written == {
        "state": {
            b"__ndarray__": True,
            b"data": np.array([1.5, 2.0], "<f4").tobytes(),
            b"dtype": "<f4",
            b"shape": [1, 2],
        }
    }
    scalar = {"x": {b"__npgeneric__": True, b"data": 2.5, b"dtype": "<f8"}}
    assert unpack(msgpack.packb(scalar)) == {"x": 2.5}
    scalar["x"][b"dtype"] = "<f4"
    assert msgpack.unpackb(pack({"x": np.float32(2.5)})) == scalar


def test_arrays_that_came_cannot_be_written_to() -> None:
    array = unpack(pack({"a": np.zeros(3)}))["a"]
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1.0


@given(st.binary(max_size=200))
@example(b"")
@example(b"\xc1")
@example(b"\x81")
@example(b"\xdf\xff\xff\xff\xff")  # a map of four billion
@example(b"\xdd\xff\xff\xff\xff")  # a list of four billion
@example(b"\x91" * 200)
@example(b"\xdd\x00\x00\x10\x00" * 40)  # lists in lists, all of them large
@example(b"\xd6\xff\x00\x00\x00\x00")  # a time stamp
@example(b"\x81\xa1a\xff\xff")  # more behind the end
def test_any_bytes_are_a_message_or_are_refused(data: bytes) -> None:
    assert outcome(data) in ("malformed", "dict")


@given(st.data())
def test_a_damaged_message_is_a_message_or_is_refused(data: st.DataObject) -> None:
    good = bytearray(pack({"actions": np.arange(6.0).reshape(2, 3), "x": {"y": [1, "z"]}}))
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(good)))
    assert outcome(bytes(good[:end])) in ("malformed", "dict")


def array_with(**changes: Any) -> dict[bytes, Any]:
    good = {b"__ndarray__": True, b"data": bytes(8), b"dtype": "<f8", b"shape": [1]}
    return good | {name.encode(): value for name, value in changes.items()}


@pytest.mark.parametrize(
    "value",
    [
        array_with(dtype="|O"),
        array_with(dtype="O"),
        array_with(dtype=">f8"),
        array_with(dtype="<c16"),
        array_with(dtype="<U2"),
        array_with(dtype="|V8"),
        array_with(dtype="<M8[ns]"),
        array_with(dtype=[["a", "<f8"]]),
        array_with(dtype=b"<f8"),
        array_with(dtype=None),
        array_with(shape=[2]),
        array_with(shape=[-1]),
        array_with(shape=[-1, -1]),
        array_with(shape=[2**62, 4]),
        array_with(shape=[1.0]),
        array_with(shape=[True]),
        array_with(shape=1),
        array_with(shape=[1] * 9),
        array_with(data="12345678"),
        array_with(data=bytes(7)),
        array_with(data=list(bytes(8))),
        array_with(dtype="|b1", shape=[8], data=b"\x02" * 8),
        array_with(__ndarray__=1),
        array_with(kind="O"),
        {b"__ndarray__": True},
        {b"__npgeneric__": True, b"data": "1", b"dtype": "<f8"},
        {b"__npgeneric__": True, b"data": 1, b"dtype": "|O"},
        {b"__npgeneric__": True, b"data": True, b"dtype": "<i8"},
        {b"other": 1},
        {1: 2},
        msgpack.ExtType(5, b"abc"),
        msgpack.Timestamp(1),
        "x" * 70_000,
        [0] * 5000,
        {str(i): i for i in range(300)},
    ],
    ids=lambda value: repr(value)[:60],
)
def test_what_no_honest_end_writes_is_refused(value: Any) -> None:
    data = msgpack.packb({"actions": value})
    with pytest.raises(InputRefused) as refusal:
        unpack(data)
    assert refusal.value.kind == "malformed"
    assert len(str(refusal.value)) < 500


@pytest.mark.parametrize("message", [[], 1, None, "text", b"bytes", np.zeros(2)])
def test_a_message_is_a_map(message: Any) -> None:
    packed = msgpack.packb(message) if not isinstance(message, np.ndarray) else None
    data = packed or msgpack.packb(array_with())
    with pytest.raises(InputRefused, match="expected a map"):
        unpack(data)


@pytest.mark.parametrize("value", [{1, 2}, object(), np.array([None]), np.array(["a"]), 1j])
def test_what_has_no_form_is_not_written(value: Any) -> None:
    with pytest.raises(TypeError):
        pack({"a": value})


def test_nothing_of_the_numbers_is_lost() -> None:
    odd = np.array([math.pi, -0.0, 5e-324, 1e308])
    assert unpack(pack({"a": odd}))["a"].tobytes() == odd.tobytes()
