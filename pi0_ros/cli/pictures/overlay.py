"""The cameras side by side, with the way that a chunk leads drawn over them."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray
from pi0_ros.sim.demo_arm import forward
from pi0_ros.sim.scene import CAMERAS, IMAGE_HEIGHT, IMAGE_WIDTH

Picture = NDArray[np.uint8]

_NEAR = (250, 168, 30)
_FAR = (30, 164, 140)
_INK = (245, 245, 245)
_BAR = (38, 42, 48)
_BAR_HEIGHT = 56
_SUBPIXEL_BITS = 4


def side_by_side(
    images: Mapping[str, Picture],
    chunk: FloatArray | None,
    lines: Sequence[str],
    scale: float = 0.5,
) -> Picture:
    """One RGB picture for people, shape (height, width, 3), even in both.

    Args:
        images: camera name -> uint8 RGB, shape (480, 640, 3); other cameras than the demo scene's
            get no chunk drawn over them.
        chunk: joint positions to come, shape (rows, 6), rad; None to draw none.
        lines: up to two, written below.
        scale: of each camera's picture.
    """
    size = (round(IMAGE_WIDTH * scale) // 2 * 2, round(IMAGE_HEIGHT * scale) // 2 * 2)
    views = []
    for name, image in images.items():
        view = np.array(image)
        if chunk is not None and name in CAMERAS:
            _draw_way(view, CAMERAS[name].project(forward(chunk).tip)[0])
        views.append(cv2.resize(view, size, interpolation=cv2.INTER_AREA))
    picture = np.vstack(
        [np.hstack(views), np.full((_BAR_HEIGHT, size[0] * len(views), 3), _BAR, dtype=np.uint8)]
    )
    for row, line in enumerate(lines[:2]):
        place = (12, picture.shape[0] - _BAR_HEIGHT + 22 + 24 * row)
        cv2.putText(picture, line, place, cv2.FONT_HERSHEY_SIMPLEX, 0.55, _INK, 1, cv2.LINE_AA)
    return np.asarray(picture, dtype=np.uint8)


def _draw_way(view: Picture, pixels: FloatArray) -> None:
    """From the present end in one colour to the far end in another."""
    points = np.rint(pixels * (1 << _SUBPIXEL_BITS)).astype(int).tolist()
    shares = np.linspace(0.0, 1.0, len(points))
    for start, end, share in zip(points, points[1:], shares, strict=False):
        colour = tuple(
            round(near + share * (far - near)) for near, far in zip(_NEAR, _FAR, strict=True)
        )
        cv2.line(view, start, end, colour, 4, cv2.LINE_AA, _SUBPIXEL_BITS)
