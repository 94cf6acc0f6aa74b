"""What stands on the table, and the cameras that look at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from pi0_ros.core.arrays import FloatArray, frozen
from pi0_ros.core.errors import ConfigurationError

IMAGE_WIDTH = 640
IMAGE_HEIGHT = 480

Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A cube standing on the table.

    Attributes:
        centre: middle of its bottom face on the table, shape (2,), m.
        edge_m: length of its edges.
        colour: RGB, 0 to 255.
        yaw_rad: how far it is turned about the vertical.
    """

    name: str
    centre: FloatArray
    edge_m: float
    colour: Rgb
    yaw_rad: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "centre", frozen(self.centre))

    @property
    def corners(self) -> FloatArray:
        """Shape (8, 3), m: the bottom four, counter-clockwise from above, then the top four."""
        half = self.edge_m / 2.0
        square = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])
        cosine, sine = np.cos(self.yaw_rad), np.sin(self.yaw_rad)
        turned = square @ np.array([[cosine, sine], [-sine, cosine]])
        bottom = np.column_stack([turned + self.centre, np.zeros(4)])
        return np.vstack([bottom, bottom + np.array([0.0, 0.0, self.edge_m])])


@dataclass(frozen=True, slots=True, eq=False)
class PinholeCamera:
    """An ideal camera without distortion, image axes x right and y down.

    Attributes:
        position: optical centre in the arm's base frame, shape (3,), m.
        axes: rows are the image's right, down and forward directions, shape (3, 3).
        focal_px: focal length in pixels; the principal point is the middle of the image.
    """

    position: FloatArray
    axes: FloatArray
    focal_px: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "position", frozen(self.position))
        object.__setattr__(self, "axes", frozen(self.axes))

    def project(self, points: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Pixels, shape (..., 2), and depths along the view in m, shape (...,).

        Args:
            points: shape (..., 3), m, all in front of the camera.
        """
        local = (np.asarray(points, dtype=np.float64) - self.position) @ self.axes.T
        depth = local[..., 2]
        pixels = local[..., :2] * (self.focal_px / depth[..., None])
        return pixels + np.array([IMAGE_WIDTH / 2.0, IMAGE_HEIGHT / 2.0]), depth


def looking_at(
    position: ArrayLike, target: ArrayLike, focal_px: float, up: ArrayLike = (0.0, 0.0, 1.0)
) -> PinholeCamera:
    """A camera at `position` with `target` in the middle of its picture."""
    eye = np.asarray(position, dtype=np.float64)
    forward = np.asarray(target, dtype=np.float64) - eye
    forward = forward / np.linalg.norm(forward)
    right = np.cross(forward, np.asarray(up, dtype=np.float64))
    length = float(np.linalg.norm(right))
    if not length > 1e-9:
        raise ConfigurationError("camera: `up` must not point along the view")
    right = right / length
    return PinholeCamera(frozen(eye), frozen([right, np.cross(forward, right), forward]), focal_px)


BLOCKS: Mapping[str, Block] = MappingProxyType(
    {
        "red": Block("red", frozen([0.32, 0.21]), 0.07, (214, 52, 44)),
        "blue": Block("blue", frozen([0.32, -0.21]), 0.07, (44, 96, 214)),
    }
)

CAMERAS: Mapping[str, PinholeCamera] = MappingProxyType(
    {
        "main": looking_at((1.08, 0.0, 0.62), (0.17, 0.0, 0.19), 580.0),
        "side": looking_at((0.42, -1.06, 0.50), (0.19, 0.0, 0.19), 590.0),
        "top": looking_at((0.19, 0.0, 1.45), (0.19, 0.0, 0.0), 700.0, up=(1.0, 0.0, 0.0)),
    }
)
