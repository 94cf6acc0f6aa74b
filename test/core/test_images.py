"""Raw pictures become RGB, padding and channel order honoured, or are refused by kind."""

import array

import numpy as np
import pytest

from pi0_ros.core.errors import InputRefused
from pi0_ros.core.images import ENCODINGS, require_shape, rgb_from_raw

HEIGHT, WIDTH = 3, 4
RGB = np.random.default_rng(5).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
ALPHA = np.full((HEIGHT, WIDTH, 1), 77, dtype=np.uint8)
GREY = RGB[:, :, :1]

PIXELS = {
    "rgb8": RGB,
    "bgr8": RGB[:, :, ::-1],
    "8UC3": RGB[:, :, ::-1],
    "rgba8": np.concatenate([RGB, ALPHA], axis=2),
    "bgra8": np.concatenate([RGB[:, :, ::-1], ALPHA], axis=2),
    "mono8": GREY,
}


def _raw(encoding: str, padding: int = 0) -> tuple[int, bytes]:
    """Length of a row in bytes, and all rows with `padding` bytes of rubbish after each."""
    rows = PIXELS[encoding].reshape(HEIGHT, -1)
    rubbish = np.full((HEIGHT, padding), 255, dtype=np.uint8)
    return rows.shape[1] + padding, np.concatenate([rows, rubbish], axis=1).tobytes()


def _convert(encoding="rgb8", height=HEIGHT, width=WIDTH, step=None, data=None, shape=None):
    usual_step, usual_data = _raw(encoding if encoding in PIXELS else "rgb8")
    return rgb_from_raw(
        encoding,
        height,
        width,
        usual_step if step is None else step,
        usual_data if data is None else data,
        shape or (HEIGHT, WIDTH),
    )


def test_every_encoding_is_tried_here():
    assert set(PIXELS) == set(ENCODINGS)


@pytest.mark.parametrize("padding", [0, 1, 5])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_becomes_rgb_without_the_padding(encoding, padding):
    step, data = _raw(encoding, padding)
    pixels = _convert(encoding, step=step, data=data)
    assert pixels.dtype == np.uint8
    expected = np.repeat(GREY, 3, axis=2) if encoding == "mono8" else RGB
    assert np.array_equal(pixels, expected)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_pictures_are_read_only(encoding):
    with pytest.raises(ValueError, match="read-only"):
        _convert(encoding)[0, 0, 0] = 1


@pytest.mark.parametrize("padding", [0, 4])
def test_rgb8_is_a_view_of_the_message(padding):
    step, data = _raw("rgb8", padding)
    buffer = array.array("B", data)
    pixels = _convert(step=step, data=buffer)
    assert np.shares_memory(pixels, np.frombuffer(buffer, dtype=np.uint8))


@pytest.mark.parametrize("encoding", ["", "yuv422", "16UC1", "32FC3", "RGB8"])
def test_an_unknown_encoding_is_refused_and_the_known_ones_listed(encoding):
    with pytest.raises(InputRefused, match="expected one of rgb8, bgr8") as caught:
        _convert(encoding)
    assert caught.value.kind == "encoding"


@pytest.mark.parametrize(("height", "width"), [(WIDTH, HEIGHT), (0, 0), (HEIGHT + 1, WIDTH)])
def test_another_size_is_refused_and_the_parameters_named(height, width):
    with pytest.raises(InputRefused, match="image_width and image_height") as caught:
        _convert(height=height, width=width)
    assert caught.value.kind == "size"
    with pytest.raises(InputRefused):
        require_shape(height, width, (HEIGHT, WIDTH))


@pytest.mark.parametrize("step", [0, 1, WIDTH * 3 - 1])
def test_a_step_shorter_than_a_row_is_refused(step):
    with pytest.raises(InputRefused, match="a row of 4 rgb8 pixels has 12") as caught:
        _convert(step=step)
    assert caught.value.kind == "step"


@pytest.mark.parametrize("length", [1, HEIGHT * WIDTH * 3 - 1, HEIGHT * WIDTH * 3 + 1])
def test_too_little_or_too_much_data_is_refused(length):
    with pytest.raises(InputRefused, match="height x step = 36") as caught:
        _convert(data=bytes(length))
    assert caught.value.kind == "length"


def test_no_data_at_all_is_refused():
    with pytest.raises(InputRefused) as caught:
        _convert(data=b"")
    assert caught.value.kind == "length"
