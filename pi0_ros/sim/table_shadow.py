"""The arm's soft shadow on the table."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray
from pi0_ros.sim.backdrop import LIGHT
from pi0_ros.sim.scene import IMAGE_HEIGHT, IMAGE_WIDTH, PinholeCamera

# Drawn at half the picture's size: it is blurred anyway.
_SCALE = 2
_BITS = 4
_DARKEST = 150
_BLUR = 7
# In small pixels: room for strokes and blur around the parts' axes.
_MARGIN = 24


class TableShadow:
    """Darkens the table where parts are between it and the light.

    Args:
        camera: whose pictures are drawn on.
        unshaded: 255 where no shadow may fall, else 0, uint8, shape (480, 640).
    """

    def __init__(self, camera: PinholeCamera, unshaded: NDArray[np.uint8]) -> None:
        self._camera = camera
        self._unshaded = unshaded
        self._small = np.empty((IMAGE_HEIGHT // _SCALE, IMAGE_WIDTH // _SCALE), dtype=np.uint8)

    def cast(self, image: NDArray[np.uint8], ends: FloatArray, radii_m: FloatArray) -> None:
        """Draws the shadow of round parts into a picture.

        Args:
            image: uint8 RGB, shape (480, 640, 3).
            ends: each part's two ends, shape (parts, 2, 3), m.
            radii_m: mean radius of each part, shape (parts,).
        """
        on_table = ends - LIGHT * (ends[..., 2:] / LIGHT[2])
        pixels, depths = self._camera.project(on_table)
        small = pixels / _SCALE
        low = np.maximum(np.floor(small.min(axis=(0, 1))).astype(int) - _MARGIN, 0)
        high = np.ceil(small.max(axis=(0, 1))).astype(int) + _MARGIN
        left, top = (int(value) for value in low)
        right = min(int(high[0]), self._small.shape[1])
        bottom = min(int(high[1]), self._small.shape[0])
        if left >= right or top >= bottom:
            return
        light = self._small[top:bottom, left:right]
        light[:] = 255
        widths = (2.0 * radii_m * self._camera.focal_px / depths.mean(axis=1) / _SCALE).tolist()
        corners = np.rint((small - (left, top)) * (1 << _BITS)).astype(int).tolist()
        for (start, end), width in zip(corners, widths, strict=True):
            cv2.line(light, start, end, (_DARKEST,), max(1, round(width)), cv2.LINE_8, _BITS)
        blurred = cv2.blur(cv2.blur(light, (_BLUR, _BLUR)), (_BLUR, _BLUR))
        rows = slice(top * _SCALE, bottom * _SCALE)
        columns = slice(left * _SCALE, right * _SCALE)
        region = image[rows, columns]
        size = (region.shape[1], region.shape[0])
        factor = cv2.resize(blurred, size, interpolation=cv2.INTER_LINEAR)
        factor = np.maximum(factor, self._unshaded[rows, columns])
        cv2.multiply(region, cv2.cvtColor(factor, cv2.COLOR_GRAY2RGB), region, 1.0 / 255.0)
