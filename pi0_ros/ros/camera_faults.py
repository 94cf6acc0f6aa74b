"""Pictures that are spoiled on purpose."""

import array
from typing import Any

from sensor_msgs.msg import Image

_LATE_NS = 300_000_000
_AHEAD_NS = 1_000_000_000


def stamp_with_fault(kind: str, stamp_ns: int, good_ns: int) -> int:
    """The stamp that a message gets, in ns.

    Args:
        stamp_ns: the true one.
        good_ns: that of the last message before the fault.
    """
    if kind == "late":
        return stamp_ns - _LATE_NS
    if kind == "future":
        return stamp_ns + _AHEAD_NS
    if kind == "duplicate":
        return good_ns
    if kind == "older":
        return 2 * good_ns - stamp_ns
    return stamp_ns


def spoiled(message: Any, kind: str) -> Any:
    """A copy of an Image or CompressedImage with the fault in it; the message itself stays whole.

    Kinds of the stamp are `stamp_with_fault`'s.
    """
    if isinstance(message, Image):
        return _spoiled_raw(message, kind)
    copy = type(message)(header=message.header, format=message.format, data=message.data)
    if kind == "truncated":
        copy.data = message.data[: len(message.data) // 2]
    elif kind in ("wrong_encoding", "wrong_step"):
        copy.data = array.array("B", b"no picture") + message.data
    return copy


def _spoiled_raw(message: Image, kind: str) -> Image:
    copy = Image(
        header=message.header,
        height=message.height,
        width=message.width,
        encoding=message.encoding,
        step=message.step,
        data=message.data,
    )
    if kind == "truncated":
        copy.data = message.data[: len(message.data) // 2]
    elif kind == "wrong_encoding":
        copy.encoding = "bayer_secret"
    elif kind == "wrong_step":
        copy.step = message.step - 1
    elif kind == "wrong_size":
        copy.height, copy.width = message.height // 2, message.width // 2
        copy.step = message.step // 2
        copy.data = message.data[: len(message.data) // 4]
    return copy
