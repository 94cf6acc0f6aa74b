"""Round parts as a camera sees them: stacks of smooth shaded capsules."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray
from pi0_ros.sim.arm_parts import Part
from pi0_ros.sim.scene import Rgb

# Sub-pixel positions: OpenCV takes integers and a number of fractional bits.
FIXED_POINT_BITS = 4

# A part is a stack of ever narrower, brighter strokes: (width, shift towards the light,
# brightness), widths and shifts as shares of the radius.
_THICK = ((1.0, 0.0, 0.40), (0.90, 0.05, 0.70), (0.68, 0.18, 0.88), (0.32, 0.38, 1.0))
_THIN = ((1.0, 0.0, 0.45), (0.68, 0.12, 1.0))
_THIN_M = 0.015
# The light as the pictures show it: from the upper left.
_LIGHT = np.array([-0.53, -0.85])
_CAP_POINTS = 10


class RoundStrokes:
    """Outlines and colours of the parts' strokes.

    Args:
        parts: the parts, in the order of every array below.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._layers = [_THIN if part.start_radius_m < _THIN_M else _THICK for part in parts]
        self._tones = [
            [_toned(part.colour, tone) for _, _, tone in layers]
            for part, layers in zip(parts, self._layers, strict=True)
        ]
        padded = [(*layers, *_THICK[len(layers) :]) for layers in self._layers]
        self._widths = np.array([[width for width, _, _ in layers] for layers in padded])
        self._shifts = np.array([[shift for _, shift, _ in layers] for layers in padded])
        half = np.linspace(0.5 * np.pi, 1.5 * np.pi, _CAP_POINTS)
        angles = np.concatenate([half, half - np.pi])
        self._along, self._across = np.cos(angles), np.sin(angles)

    def outlines(self, ends: FloatArray, radii: FloatArray) -> NDArray[np.int32]:
        """Closed outlines in fixed point, shape (parts, layers, points, 2).

        Args:
            ends: pixels of each part's two ends, shape (parts, 2, 2).
            radii: in pixels, shape (parts, 2).
        """
        axis = ends[:, 1] - ends[:, 0]
        length = np.hypot(axis[:, 0], axis[:, 1])[:, None]
        seen_end_on = length < 1e-6
        axis = np.where(seen_end_on, (1.0, 0.0), axis / np.maximum(length, 1e-6))
        normal = np.stack([-axis[:, 1], axis[:, 0]], axis=1)
        # A long part is lit across its axis, one seen end-on like a ball.
        roundness = np.clip(length / np.maximum(radii.max(axis=1, keepdims=True), 1e-6), 0.0, 1.0)
        lit = _LIGHT - roundness * axis * (axis @ _LIGHT)[:, None]
        ring = self._along[:, None] * axis[:, None, :] + self._across[:, None] * normal[:, None, :]
        cap_ends = np.repeat(ends, _CAP_POINTS, axis=1)
        cap_radii = np.repeat(radii, _CAP_POINTS, axis=1)
        points = (
            cap_ends[:, None]
            + (self._widths[:, :, None] * cap_radii[:, None])[..., None] * ring[:, None]
            + (self._shifts[:, :, None] * cap_radii[:, None])[..., None] * lit[:, None, None]
        )
        fixed: NDArray[np.int32] = np.rint(points * (1 << FIXED_POINT_BITS)).astype(np.int32)
        return fixed

    def draw(self, image: NDArray[np.uint8], part: int, outlines: NDArray[np.int32]) -> None:
        """Draws one part; `outlines` of shape (layers, points, 2)."""
        for outline, tone in zip(outlines, self._tones[part], strict=False):
            cv2.fillConvexPoly(image, outline, tone, cv2.LINE_AA, FIXED_POINT_BITS)


def _toned(colour: Rgb, tone: float) -> Rgb:
    return (int(colour[0] * tone), int(colour[1] * tone), int(colour[2] * tone))
