"""Raw images as they come on the wire, turned into what a policy takes."""

from collections.abc import Buffer

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.errors import InputRefused

RgbImage = NDArray[np.uint8]

# Channels per pixel, and the channel order that makes RGB of them.
_ENCODINGS: dict[str, tuple[int, tuple[int, int, int]]] = {
    "rgb8": (3, (0, 1, 2)),
    "bgr8": (3, (2, 1, 0)),
    "rgba8": (4, (0, 1, 2)),
    "bgra8": (4, (2, 1, 0)),
    "8UC3": (3, (2, 1, 0)),
    "mono8": (1, (0, 0, 0)),
}
ENCODINGS = tuple(_ENCODINGS)


def require_shape(height: int, width: int, expected_shape: tuple[int, int]) -> None:
    """Raises InputRefused "size" unless the picture is `expected_shape` = (height, width)."""
    if (height, width) != expected_shape:
        raise InputRefused(
            "size",
            f"image is {width}x{height}, expected {expected_shape[1]}x{expected_shape[0]}; "
            "change the camera or the parameters image_width and image_height",
        )


def rgb_from_raw(
    encoding: str,
    height: int,
    width: int,
    step: int,
    data: Buffer,
    expected_shape: tuple[int, int],
) -> RgbImage:
    """The picture as uint8 RGB, shape (height, width, 3), read-only.

    Padding at the end of rows is honoured (`step` is the length of a row in bytes). `rgb8` is a
    view of `data`, other encodings are copied. `8UC3` means BGR, as OpenCV writes it.

    Args:
        encoding: as in sensor_msgs/Image, one of `ENCODINGS`.
        expected_shape: (height, width) that the stream is configured for.

    Raises:
        InputRefused: kind "encoding", "size", "step" or "length".
    """
    if encoding not in _ENCODINGS:
        raise InputRefused(
            "encoding", f"image encoding {encoding!r}: expected one of {', '.join(ENCODINGS)}"
        )
    channels, order = _ENCODINGS[encoding]
    require_shape(height, width, expected_shape)
    row_bytes = width * channels
    if step < row_bytes:
        raise InputRefused(
            "step",
            f"image step is {step} bytes, a row of {width} {encoding} pixels has {row_bytes}",
        )
    flat = np.frombuffer(data, dtype=np.uint8)
    if flat.size != height * step:
        raise InputRefused(
            "length",
            f"image data has {flat.size} bytes, expected height x step = {height * step}",
        )
    pixels: RgbImage = flat.reshape(height, step)[:, :row_bytes].reshape(height, width, channels)
    if order != (0, 1, 2) or channels != 3:
        pixels = np.ascontiguousarray(pixels[:, :, order])
    pixels.setflags(write=False)
    return pixels
