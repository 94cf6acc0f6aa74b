"""Pictures as JPEG or PNG."""

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage

from pi0_ros.core.errors import InputRefused
from pi0_ros.core.images import RgbImage, require_shape

_JPEG_START, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
_PNG_START, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND"
_PNG_SIZE_AT = 16
# Some drivers pad their buffers; so far from the end the end mark is looked for.
_PADDING = 64


def _silence() -> None:
    """What is damaged is refused with a reason; OpenCV's own lines would come once a picture."""
    logging = getattr(cv2.utils, "logging", None)
    if logging is not None:
        logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    else:
        # Ubuntu 24.04 has OpenCV 4.6, where this is its only name.
        cv2.setLogLevel(0)  # type: ignore[attr-defined]


_silence()


def rgb_from_compressed(message: CompressedImage, expected_shape: tuple[int, int]) -> RgbImage:
    """The picture as uint8 RGB, shape (*expected_shape, 3), read-only.

    What counts is the data, not the text in `format`, which drivers fill in at will; grey pictures
    become RGB.

    Raises:
        InputRefused: kind "format" (neither JPEG nor PNG, or damaged) or "size".
    """
    data = bytes(message.data)
    if data.startswith(_JPEG_START):
        size, end = _jpeg_shape(data), _JPEG_END
    elif data.startswith(_PNG_START):
        size, end = _png_shape(data), _PNG_END
    else:
        raise InputRefused(
            "format",
            f"compressed image (format {message.format!r}, {len(data)} bytes) is neither JPEG nor "
            "PNG",
        )
    # Before decoding: a few bytes can ask for gigabytes.
    require_shape(size[0], size[1], expected_shape)
    # Older releases of OpenCV fill up what is missing with grey.
    if end not in data[-_PADDING:]:
        raise InputRefused("format", f"compressed image of {len(data)} bytes is cut off")
    pixels = _decoded(data)
    if pixels is None:
        raise InputRefused("format", f"compressed image of {len(data)} bytes is damaged")
    # Rotation marks in the picture can swap height and width.
    require_shape(pixels.shape[0], pixels.shape[1], expected_shape)
    picture: RgbImage = np.asarray(pixels, dtype=np.uint8)
    picture.setflags(write=False)
    return picture


def _decoded(data: bytes) -> "cv2.typing.MatLike | None":
    """RGB; None where the data is damaged."""
    encoded = np.frombuffer(data, dtype=np.uint8)
    flag = getattr(cv2, "IMREAD_COLOR_RGB", None)
    if flag is not None:
        return cv2.imdecode(encoded, flag)
    # Before OpenCV 4.11. It takes a little longer.
    pixels = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    return pixels if pixels is None else cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB, dst=pixels)


def jpeg(pixels: RgbImage, quality: int) -> bytes:
    """`pixels`, uint8 RGB of shape (height, width, 3), as JPEG."""
    good, data = cv2.imencode(
        ".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    assert good, "OpenCV cannot write JPEG"
    return data.tobytes()


def _png_shape(data: bytes) -> tuple[int, int]:
    """Height and width; the IHDR chunk comes first (PNG specification, 11.2.2)."""
    header = data[_PNG_SIZE_AT : _PNG_SIZE_AT + 8]
    if len(header) < 8:
        raise InputRefused("format", f"PNG of {len(data)} bytes is damaged")
    return int.from_bytes(header[4:]), int.from_bytes(header[:4])


def _jpeg_shape(data: bytes) -> tuple[int, int]:
    """Height and width from the frame header (ITU-T T.81, B.2.2)."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return (
                int.from_bytes(data[at + 5 : at + 7]),
                int.from_bytes(data[at + 7 : at + 9]),
            )
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4])
    raise InputRefused("format", f"JPEG of {len(data)} bytes has no frame header: damaged")
