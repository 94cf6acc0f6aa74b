"""Messages as bytes: msgpack with numpy arrays, as openpi's client and server write them.

An array is a map with the four binary keys `__ndarray__`, `data`, `dtype` and `shape`; a numpy
scalar one with `__npgeneric__`, `data` and `dtype`. Nothing in here can run code: no pickle, no
object arrays, no extension types, and every size is bounded before memory is taken for it.
"""

import math
from collections.abc import Mapping
from typing import Any

import msgpack
import numpy as np

from pi0_ros.core.errors import InputRefused
from pi0_ros.core.printable import printable

# As numpy.dtype.str writes them. Little-endian numbers only: no objects, no records, no texts.
_DTYPES = frozenset(
    ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8")
)
_MOST_DIMENSIONS = 8
# Of one list, map or text. msgpack takes memory for what a header claims before it has read it.
_MOST_ITEMS = 4096
_MOST_PAIRS = 256
_LONGEST_TEXT = 65536

_ARRAY = frozenset((b"__ndarray__", b"data", b"dtype", b"shape"))
_SCALAR = frozenset((b"__npgeneric__", b"data", b"dtype"))

_Scalar = bool | int | float


def pack(message: Mapping[str, Any]) -> bytes:
    """The message as bytes; its arrays are copied.

    Raises:
        TypeError: a value that has no form on the wire.
    """
    packed: bytes = msgpack.packb(message, default=_packed, use_bin_type=True)
    return packed


def unpack(data: bytes) -> dict[str, Any]:
    """The message; its arrays are read-only views of `data` copied once.

    Raises:
        InputRefused: kind "malformed": not one complete msgpack map with text keys, or a value in
            it is of a type, dtype or size that is not taken.
    """
    try:
        message = msgpack.unpackb(
            data,
            object_hook=_unpacked,
            ext_hook=_no_extension,
            raw=False,
            strict_map_key=True,
            max_str_len=_LONGEST_TEXT,
            max_array_len=_MOST_ITEMS,
            max_map_len=_MOST_PAIRS,
            max_ext_len=0,
        )
    except (ValueError, msgpack.UnpackException) as error:
        reason = printable(str(error) or type(error).__name__)
        raise InputRefused("malformed", f"not a complete msgpack message: {reason}") from error
    if not isinstance(message, dict):
        raise _refused(f"expected a map, got {type(message).__name__}")
    return message


def _packed(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.str in _DTYPES:
        return {
            b"__ndarray__": True,
            b"data": value.tobytes(),
            b"dtype": value.dtype.str,
            b"shape": value.shape,
        }
    if isinstance(value, np.generic) and value.dtype.str in _DTYPES:
        return {b"__npgeneric__": True, b"data": value.item(), b"dtype": value.dtype.str}
    raise TypeError(f"has no form on the wire: {type(value).__name__} {value!r:.80}")


def _unpacked(value: dict[Any, Any]) -> Any:
    keys = value.keys()
    if keys == _ARRAY:
        return _array(value)
    if keys == _SCALAR:
        return _scalar(value)
    if not all(isinstance(key, str) for key in keys):
        raise _refused(f"a map has keys that are not texts: {_listed(keys)}")
    return value


def _array(value: dict[bytes, Any]) -> np.ndarray[Any, Any]:
    dtype, shape, data = _dtype(value), value[b"shape"], value[b"data"]
    if value[b"__ndarray__"] is not True or type(data) is not bytes:
        raise _refused("an array is not written as openpi writes it")
    if type(shape) is not list or len(shape) > _MOST_DIMENSIONS:
        raise _refused(f"expected a shape of at most {_MOST_DIMENSIONS} sizes, got {shape!r:.80}")
    if not all(type(size) is int and size >= 0 for size in shape):
        raise _refused(f"expected a shape of whole numbers, got {shape!r:.80}")
    expected = math.prod(shape) * dtype.itemsize
    if len(data) != expected:
        raise _refused(
            f"an array of shape {shape} and dtype {dtype.str} has {expected} bytes, got {len(data)}"
        )
    if dtype == np.bool_ and any(byte > 1 for byte in set(data)):
        raise _refused("an array of bool has bytes that are neither 0 nor 1")
    return np.frombuffer(data, dtype).reshape(shape)


def _scalar(value: dict[bytes, Any]) -> _Scalar:
    dtype, data = _dtype(value), value[b"data"]
    wanted = {"b": bool, "f": float}.get(dtype.kind, int)
    if value[b"__npgeneric__"] is not True or type(data) is not wanted:
        raise _refused(f"expected a scalar of dtype {dtype.str}, got {data!r:.80}")
    return wanted(data)


def _dtype(value: dict[bytes, Any]) -> np.dtype[Any]:
    name = value[b"dtype"]
    if type(name) is not str or name not in _DTYPES:
        raise _refused(f"dtype {name!r:.80} is not taken; expected {', '.join(sorted(_DTYPES))}")
    return np.dtype(name)


def _no_extension(code: int, _data: bytes) -> Any:
    raise _refused(f"extension type {code} is not taken")


def _listed(keys: Any) -> str:
    return printable(", ".join(sorted(repr(key) for key in keys)))


def _refused(message: str) -> InputRefused:
    return InputRefused("malformed", message)
