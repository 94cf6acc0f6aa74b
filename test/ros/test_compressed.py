"""JPEG and PNG pictures."""

import struct

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage

from pi0_ros.core.errors import InputRefused
from pi0_ros.ros import compressed
from pi0_ros.ros.compressed import jpeg, rgb_from_compressed

SHAPE = (48, 64)


def picture() -> np.ndarray:
    pixels = np.zeros((*SHAPE, 3), dtype=np.uint8)
    pixels[:, :32] = (220, 40, 10)
    pixels[:, 32:] = (10, 40, 220)
    return pixels


def message(data: bytes, text: str = "jpeg") -> CompressedImage:
    return CompressedImage(format=text, data=data)


def png(pixels: np.ndarray) -> bytes:
    return bytes(cv2.imencode(".png", pixels[..., ::-1])[1])


@pytest.fixture(params=["OpenCV from 4.11 on", "OpenCV before 4.11"])
def either_opencv(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "before" in request.param:
        monkeypatch.delattr(cv2, "IMREAD_COLOR_RGB", raising=False)


def test_an_opencv_with_another_name_for_its_log_level_is_silenced_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    levels: list[int] = []
    monkeypatch.delattr(cv2.utils, "logging", raising=False)
    monkeypatch.setattr(cv2, "setLogLevel", levels.append, raising=False)
    compressed._silence()
    assert levels == [0]


@pytest.mark.usefixtures("either_opencv")
def test_jpeg_keeps_red_red() -> None:
    decoded = rgb_from_compressed(message(jpeg(picture(), 95)), SHAPE)

    assert np.abs(decoded[:, :28].astype(int) - picture()[:, :28]).max() < 12


@pytest.mark.usefixtures("either_opencv")
def test_png_comes_back_exactly_whatever_the_format_says() -> None:
    decoded = rgb_from_compressed(message(png(picture()), "rgb8; jpeg compressed bgr8"), SHAPE)

    assert np.array_equal(decoded, picture())
    assert not decoded.flags.writeable


def test_another_size_is_refused_before_decoding() -> None:
    huge = bytearray(png(picture()))
    huge[16:24] = struct.pack(">II", 60_000, 60_000)

    with pytest.raises(InputRefused, match="60000x60000, expected 64x48") as refused:
        rgb_from_compressed(message(bytes(huge)), SHAPE)
    assert refused.value.kind == "size"


@pytest.mark.usefixtures("either_opencv")
@pytest.mark.parametrize("encode", [lambda: jpeg(picture(), 90), lambda: png(picture())])
def test_a_picture_cut_off_anywhere_is_refused(encode: object) -> None:
    data = encode()  # type: ignore[operator]
    for length in range(len(data) - 12):
        with pytest.raises(InputRefused) as refused:
            rgb_from_compressed(message(data[:length]), SHAPE)
        assert refused.value.kind == "format"
    assert "cut off" in str(refused.value)


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(InputRefused, match="neither JPEG nor PNG"):
        rgb_from_compressed(message(b"\x00" * 100), SHAPE)
