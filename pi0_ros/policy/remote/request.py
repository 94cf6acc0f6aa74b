"""What a client asks, as an observation; strict, since anybody who can connect can ask."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import InputRefused
from pi0_ros.core.instruction import checked_instruction
from pi0_ros.core.observation import Observation
from pi0_ros.core.printable import printable
from pi0_ros.policy.remote.announcement import Announcement
from pi0_ros.policy.remote.message_map import keys_of, value_at
from pi0_ros.policy.remote.wire import unpack

# Beside the pictures: state, prompt, and the names of everything.
_REST_BYTES = 65536
# The policy itself tells what is too long for it.
_MOST_INSTRUCTION_BYTES = 4096


def most_request_bytes(announced: Announcement) -> int:
    """No honest observation is larger."""
    picture = announced.image_height * announced.image_width * 3
    return len(announced.pictures) * picture + _REST_BYTES


def read_request(data: bytes, announced: Announcement, cameras: tuple[str, ...]) -> Observation:
    """
    Args:
        cameras: in the order of `announced.pictures`.

    Raises:
        InputRefused: kind "malformed", or one of `checked_instruction`; the message names the key.
    """
    message = unpack(data)
    expected = {*announced.pictures, announced.state, announced.prompt}
    came = set(keys_of(message))
    if came != expected:
        raise InputRefused(
            "malformed",
            f"expected the keys {', '.join(sorted(expected))}, got "
            f"{printable(', '.join(sorted(came))) or 'none'}",
        )
    prompt = value_at(message, announced.prompt)
    if not isinstance(prompt, str):
        raise InputRefused("malformed", f"{announced.prompt}: expected a text")
    return Observation(
        stamp_ns=0,
        images={
            camera: _picture(value_at(message, key), key, announced)
            for camera, key in zip(cameras, announced.pictures, strict=True)
        },
        positions=_state(value_at(message, announced.state), announced),
        instruction=checked_instruction(prompt, _MOST_INSTRUCTION_BYTES),
    )


def _picture(value: Any, key: str, announced: Announcement) -> NDArray[np.uint8]:
    height, width = announced.image_height, announced.image_width
    if isinstance(value, np.ndarray) and value.dtype == np.uint8:
        if value.shape == (height, width, 3):
            return value
        if value.shape == (3, height, width):
            return np.ascontiguousarray(value.transpose(1, 2, 0))
    raise InputRefused(
        "malformed",
        f"{key}: expected RGB as uint8 of shape {(height, width, 3)} or {(3, height, width)}, got "
        f"{_kind(value)}",
    )


def _state(value: Any, announced: Announcement) -> FloatArray:
    joints = announced.joints
    if (
        not isinstance(value, np.ndarray)
        or value.dtype.kind != "f"
        or value.shape != (joints,)
        or not np.isfinite(value).all()
    ):
        raise InputRefused(
            "malformed",
            f"{announced.state}: expected {joints} finite joint positions as an array of floats, "
            f"got {_kind(value)}",
        )
    return value.astype(np.float64)


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} of shape {value.shape}"
    return type(value).__name__
