"""Pictures of the demo arm over its table, drawn with OpenCV primitives: no GPU, no GL."""

from collections.abc import Iterable, Mapping

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.sim.arm_parts import PARTS, part_ends
from pi0_ros.sim.backdrop import backdrop_of
from pi0_ros.sim.demo_arm import JOINT_NAMES, forward
from pi0_ros.sim.round_strokes import RoundStrokes
from pi0_ros.sim.scene import (
    BLOCKS,
    CAMERAS,
    IMAGE_HEIGHT,
    IMAGE_WIDTH,
    Block,
    PinholeCamera,
)
from pi0_ros.sim.table_shadow import TableShadow

Picture = NDArray[np.uint8]

_RADII_M = np.array([[part.start_radius_m, part.end_radius_m] for part in PARTS])
_MEAN_RADII_M = _RADII_M.mean(axis=1)
_NEARER_M = np.array([part.in_front_m for part in PARTS])


class SceneRenderer:
    """Draws what each camera sees at given joint positions.

    Everything that stands still is drawn once, here. OpenCV is held to one thread: the strokes are
    too small to share, and its idle threads take time from the control loop.

    Args:
        cameras: name -> camera; the demo scene's three unless given.
        blocks: what stands on the table; the demo scene's two unless given.
    """

    def __init__(
        self,
        cameras: Mapping[str, PinholeCamera] = CAMERAS,
        blocks: Iterable[Block] = tuple(BLOCKS.values()),
    ) -> None:
        cv2.setNumThreads(1)
        standing = tuple(blocks)
        self._views = {name: _View(camera, standing) for name, camera in cameras.items()}

    @property
    def cameras(self) -> tuple[str, ...]:
        return tuple(self._views)

    def render(self, positions: ArrayLike) -> Mapping[str, Picture]:
        """Camera name -> uint8 RGB picture, shape (480, 640, 3), each newly allocated.

        Args:
            positions: joint positions in rad, shape (6,).
        """
        ends = _placed(positions)
        return {name: view.draw(ends, _blank()) for name, view in self._views.items()}

    def render_view(self, camera: str, positions: ArrayLike, out: Picture | None = None) -> Picture:
        """One camera's picture, uint8 RGB, shape (480, 640, 3).

        Args:
            camera: one of `cameras`.
            positions: joint positions in rad, shape (6,).
            out: where to draw (C-contiguous, writable); overwritten and returned. A new array
                unless given.

        Raises:
            ConfigurationError: unknown camera, or `out` or `positions` do not fit.
        """
        if camera not in self._views:
            raise ConfigurationError(
                f"renderer: no camera {camera!r}; there are {', '.join(self._views)}"
            )
        if out is None:
            out = _blank()
        elif (
            out.shape != (IMAGE_HEIGHT, IMAGE_WIDTH, 3)
            or out.dtype != np.uint8
            or not out.flags.c_contiguous
            or not out.flags.writeable
        ):
            raise ConfigurationError(
                f"renderer: `out` must be writable, contiguous uint8 of shape "
                f"({IMAGE_HEIGHT}, {IMAGE_WIDTH}, 3), got {out.dtype} {out.shape}"
            )
        return self._views[camera].draw(_placed(positions), out)


def _blank() -> Picture:
    return np.empty((IMAGE_HEIGHT, IMAGE_WIDTH, 3), dtype=np.uint8)


def _placed(positions: ArrayLike) -> FloatArray:
    q = np.asarray(positions, dtype=np.float64)
    if q.shape != (len(JOINT_NAMES),) or not bool(np.all(np.isfinite(q))):
        raise ConfigurationError(
            f"renderer: expected {len(JOINT_NAMES)} finite joint positions, got {q.tolist()}"
        )
    return part_ends(forward(q), float(q[0]))


class _View:
    """One camera's still backdrop and the strokes on it."""

    def __init__(self, camera: PinholeCamera, blocks: tuple[Block, ...]) -> None:
        self._camera = camera
        self._backdrop = backdrop_of(camera, blocks)
        self._strokes = RoundStrokes(PARTS)
        self._shadow = TableShadow(camera, self._backdrop.unshaded)
        self._highest_solid_m = max(solid.top_m for solid in self._backdrop.solids)

    def draw(self, ends: FloatArray, out: Picture) -> Picture:
        np.copyto(out, self._backdrop.picture)
        self._shadow.cast(out, ends, _MEAN_RADII_M)
        pixels, depths = self._camera.project(ends)
        outlines = self._strokes.outlines(pixels, _RADII_M * (self._camera.focal_px / depths))
        distances = depths.mean(axis=1) - _NEARER_M
        far_to_near = np.argsort(-distances).tolist()
        # Cameras look down: what is above everything that stands still is never behind it.
        above = (ends[..., 2].min(axis=1) >= self._highest_solid_m).tolist()
        low = [part for part in far_to_near if not above[part]]
        for solid in self._backdrop.solids if low else ():
            while low and distances[low[0]] > solid.depth_m:
                self._strokes.draw(out, low[0], outlines[low.pop(0)])
            cv2.copyTo(self._backdrop.picture, solid.mask, out)
        for part in [*low, *(part for part in far_to_near if above[part])]:
            self._strokes.draw(out, part, outlines[part])
        return out
