"""The cameras side by side, with the way that a chunk leads drawn over them."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray
from pi0_ros.sim.demo_arm import forward
from pi0_ros.sim.scene import CAMERAS, IMAGE_HEIGHT

Picture = NDArray[np.uint8]

MOST_COLUMNS = 3
_NEAR = (250, 168, 30)
_FAR = (30, 164, 140)
_INK = (245, 245, 245)
_BAR = (38, 42, 48)
_ALARM = (172, 32, 36)
_BAR_HEIGHT = 56
_MARGIN = 12
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_SCALE = 0.55
_SUBPIXEL_BITS = 4


def side_by_side(
    images: Mapping[str, Picture], chunk: FloatArray | None, lines: Sequence[str]
) -> Picture:
    """One RGB picture for people, shape (height, width, 3), even in both.

    Each camera's picture is half as high as the demo's cameras give it.

    Args:
        images: camera name -> uint8 RGB, shape (480, 640, 3); other cameras than the demo scene's
            get no chunk drawn over them.
        chunk: joint positions to come, shape (rows, 6), rad; None to draw none.
        lines: up to two, written below.
    """
    return with_lines(camera_grid(images, chunk, IMAGE_HEIGHT // 2), lines)


def camera_grid(
    images: Mapping[str, Picture], chunk: FloatArray | None, most_height: int
) -> Picture:
    """The cameras' pictures, up to three in a row, with the chunk drawn over them.

    Args:
        images: camera name -> uint8 RGB, all of one shape.
        chunk: as for `side_by_side`.
        most_height: of each camera's picture, which is made smaller where it is higher.
    """
    views = []
    for name, image in images.items():
        view = np.array(image)
        if chunk is not None and name in CAMERAS:
            _draw_way(view, CAMERAS[name].project(forward(chunk).tip)[0])
        height = min(most_height, view.shape[0])
        size = _even(view.shape[1] * height / view.shape[0]), _even(height)
        views.append(cv2.resize(view, size, interpolation=cv2.INTER_AREA))
    columns = min(len(views), MOST_COLUMNS)
    views += [np.full_like(views[0], _BAR)] * (-len(views) % columns)
    rows = [np.hstack(views[i : i + columns]) for i in range(0, len(views), columns)]
    return np.asarray(np.vstack(rows), dtype=np.uint8)


def with_lines(picture: Picture, lines: Sequence[str], alarm: bool = False) -> Picture:
    """`picture` with a bar below, for up to two lines; what does not fit is cut.

    Args:
        alarm: makes the bar red.
    """
    width = picture.shape[1]
    bar = np.full((_BAR_HEIGHT, width, 3), _ALARM if alarm else _BAR, dtype=np.uint8)
    for row, line in enumerate(lines[:2]):
        place = (_MARGIN, 22 + 24 * row)
        text = _fitting(line, width - 2 * _MARGIN)
        cv2.putText(bar, text, place, _FONT, _FONT_SCALE, _INK, 1, cv2.LINE_AA)
    return np.asarray(np.vstack([picture, bar]), dtype=np.uint8)


def dimmed(picture: Picture) -> Picture:
    """Grey and dark, as what is not live must look."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.asarray(np.repeat((grey // 3)[..., None], 3, axis=2), dtype=np.uint8)


def nothing_seen(shape: tuple[int, int]) -> Picture:
    """In the place of a picture that never came; `shape` is (height, width)."""
    return np.full((*shape, 3), _BAR, dtype=np.uint8)


def _even(length: float) -> int:
    """Video has half as many colours as pixels, so an even number of those; at least two."""
    return max(2, int(length) // 2 * 2)


def _fitting(text: str, width: int) -> str:
    # OpenCV's fonts have no other letters and write question marks.
    text = text.encode("ascii", "replace").decode()
    while text and cv2.getTextSize(text, _FONT, _FONT_SCALE, 1)[0][0] > width:
        text = text.removesuffix("...")[:-4].rstrip() + "..." if len(text) > 7 else ""
    return text


def _draw_way(view: Picture, pixels: FloatArray) -> None:
    """From the present end in one colour to the far end in another."""
    points = np.rint(pixels * (1 << _SUBPIXEL_BITS)).astype(int).tolist()
    shares = np.linspace(0.0, 1.0, len(points))
    for start, end, share in zip(points, points[1:], shares, strict=False):
        colour = tuple(
            round(near + share * (far - near)) for near, far in zip(_NEAR, _FAR, strict=True)
        )
        cv2.line(view, start, end, colour, 4, cv2.LINE_AA, _SUBPIXEL_BITS)
