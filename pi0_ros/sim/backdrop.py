"""What a camera sees of the scene that never moves: wall, table, grid, blocks and pedestal."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from pi0_ros.core.arrays import FloatArray
from pi0_ros.sim.scene import IMAGE_HEIGHT, IMAGE_WIDTH, Block, PinholeCamera, Rgb

Picture = NDArray[np.uint8]

# Drawn larger and shrunk once, which smooths every edge.
_OVERSAMPLING = 3
_FIXED_POINT_BITS = 4

TABLE_X_M = (-0.34, 0.72)
TABLE_Y_M = (-0.58, 0.58)
TABLE_THICKNESS_M = 0.04
_GRID_M = 0.1

_WALL_TOP: Rgb = (226, 230, 233)
_WALL_BOTTOM: Rgb = (176, 183, 189)
_TABLE: Rgb = (150, 158, 160)
_TABLE_EDGE: Rgb = (98, 104, 108)
_GRID: Rgb = (135, 143, 146)
_CROSS: Rgb = (122, 131, 135)

PEDESTAL_HEIGHT_M = 0.09
PEDESTAL_RADIUS_M = 0.075
_PEDESTAL: Rgb = (66, 71, 78)

# Towards the light, as a direction; not quite overhead, so that shadows lean a little.
LIGHT = np.array([0.20, -0.16, 1.0]) / np.linalg.norm([0.20, -0.16, 1.0])
_AMBIENT = 0.62


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """The still part of one camera's picture.

    Attributes:
        picture: uint8 RGB, shape (480, 640, 3), read-only.
        unshaded: 255 where the arm's shadow must not fall (all but the table), else 0,
            uint8, shape (480, 640), read-only.
        solids: blocks and pedestal, farthest first, to be copied from `picture` again over arm
            parts that pass behind them.
    """

    picture: Picture
    unshaded: Picture
    solids: tuple["Solid", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    """A thing that stands still on the table.

    Attributes:
        top_m: height of its top over the table.
        depth_m: distance of its middle along the camera's view.
        mask: 255 where the camera sees it, uint8, shape (480, 640), read-only.
    """

    top_m: float
    depth_m: float
    mask: Picture


def backdrop_of(camera: PinholeCamera, blocks: Iterable[Block]) -> Backdrop:
    """Draws the still scene once."""
    canvas = _Canvas(camera)
    canvas.wall()
    canvas.table()
    table_only = canvas.finished_mask(canvas.table_mask)
    things: list[tuple[float, float, Block | None]] = [
        (
            float(camera.project([*block.centre, block.edge_m / 2.0])[1]),
            block.edge_m,
            block,
        )
        for block in blocks
    ]
    things.append(
        (
            float(camera.project([0.0, 0.0, PEDESTAL_HEIGHT_M / 2.0])[1]),
            PEDESTAL_HEIGHT_M,
            None,
        )
    )
    for _, _, block in things:
        canvas.contact_shadow(block)
    solids: list[Solid] = []
    unshaded = 255 - table_only
    for depth, top, block in sorted(things, key=lambda thing: -thing[0]):
        mask = canvas.finished_mask(canvas.pedestal() if block is None else canvas.block(block))
        unshaded = np.maximum(unshaded, mask)
        mask.setflags(write=False)
        solids.append(Solid(top_m=top, depth_m=depth, mask=mask))
    picture = canvas.finished()
    picture.setflags(write=False)
    unshaded.setflags(write=False)
    return Backdrop(picture, unshaded, tuple(solids))


def shaded(colour: Rgb, normal: ArrayLike) -> Rgb:
    """Lambert's law with some ambient light; `normal` of length 1, shape (3,)."""
    light = _AMBIENT + (1.0 - _AMBIENT) * max(0.0, float(np.asarray(normal) @ LIGHT))
    return (int(colour[0] * light), int(colour[1] * light), int(colour[2] * light))


class _Canvas:
    """The enlarged picture while it is drawn."""

    def __init__(self, camera: PinholeCamera) -> None:
        self._camera = camera
        self._height = IMAGE_HEIGHT * _OVERSAMPLING
        self._width = IMAGE_WIDTH * _OVERSAMPLING
        self._image = np.zeros((self._height, self._width, 3), dtype=np.uint8)
        self.table_mask = self._empty_mask()

    def wall(self) -> None:
        share = np.linspace(0.0, 1.0, self._height)[:, None, None]
        rows = np.array(_WALL_TOP) * (1.0 - share) + np.array(_WALL_BOTTOM) * share
        self._image[:] = rows.astype(np.uint8)

    def table(self) -> None:
        (x0, x1), (y0, y1) = TABLE_X_M, TABLE_Y_M
        top = np.array([[x0, y0, 0.0], [x1, y0, 0.0], [x1, y1, 0.0], [x0, y1, 0.0]])
        below = top - [0.0, 0.0, TABLE_THICKNESS_M]
        for first in range(4):
            second = (first + 1) % 4
            self._polygon([top[first], top[second], below[second], below[first]], _TABLE_EDGE)
        self._polygon(top, _TABLE)
        self._polygon(top, (255,), self.table_mask)
        for x in np.arange(np.ceil(x0 / _GRID_M) * _GRID_M, x1, _GRID_M):
            self._line([x, y0, 0.0], [x, y1, 0.0], _GRID if abs(x) > 1e-6 else _CROSS)
        for y in np.arange(np.ceil(y0 / _GRID_M) * _GRID_M, y1, _GRID_M):
            self._line([x0, y, 0.0], [x1, y, 0.0], _GRID if abs(y) > 1e-6 else _CROSS)

    def contact_shadow(self, block: Block | None) -> None:
        """The still shadow on the table of a block, or of the pedestal for None."""
        if block is None:
            corners = np.vstack([_circle(0.0), _circle(PEDESTAL_HEIGHT_M)])
        else:
            corners = block.corners
        mask = self._empty_mask()
        cast = corners - LIGHT * (corners[:, 2:] / LIGHT[2])
        hull = np.asarray(cv2.convexHull(self._pixels(cast).astype(np.int32)), dtype=np.int32)
        cv2.fillConvexPoly(mask, hull, (255,), cv2.LINE_AA, _FIXED_POINT_BITS)
        blur = 6 * _OVERSAMPLING + 1
        # Beyond the blur's reach nothing changes; the whole picture would take long.
        left, top, width, height = cv2.boundingRect(hull >> _FIXED_POINT_BITS)
        rows = slice(max(0, top - blur), max(0, top + height + blur))
        columns = slice(max(0, left - blur), max(0, left + width + blur))
        near = mask[rows, columns]
        if near.size == 0:
            return
        near = np.minimum(cv2.GaussianBlur(near, (blur, blur), 0), self.table_mask[rows, columns])
        factor = 1.0 - 0.40 * (near.astype(np.float32)[..., None] / 255.0)
        self._image[rows, columns] = (self._image[rows, columns] * factor).astype(np.uint8)

    def block(self, block: Block) -> Picture:
        corners = block.corners
        mask = self._empty_mask()
        faces = [(0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7), (4, 5, 6, 7)]
        for face in faces:
            points = corners[list(face)]
            normal = np.cross(points[1] - points[0], points[3] - points[0])
            normal /= np.linalg.norm(normal)
            if float(normal @ (self._camera.position - points[0])) > 0.0:
                self._polygon(points, shaded(block.colour, normal))
                self._polygon(points, (255,), mask)
                edge = shaded(block.colour, 0.25 * normal)
                for start, end in zip(points, np.roll(points, -1, axis=0), strict=True):
                    self._line(start, end, edge)
        return mask

    def pedestal(self) -> Picture:
        mask = self._empty_mask()
        bottom, top = _circle(0.0), _circle(PEDESTAL_HEIGHT_M)
        towards = self._camera.position[:2] / max(1e-9, float(np.hypot(*self._camera.position[:2])))
        for first in range(len(top)):
            second = (first + 1) % len(top)
            normal = np.array([*(top[first] + top[second])[:2], 0.0])
            normal /= np.linalg.norm(normal)
            if float(normal[:2] @ towards) > -0.2:
                side = np.array([bottom[first], bottom[second], top[second], top[first]])
                self._polygon(side, shaded(_PEDESTAL, normal))
                self._polygon(side, (255,), mask)
        self._polygon(top, shaded(_PEDESTAL, (0.0, 0.0, 1.0)))
        self._polygon(top, (255,), mask)
        return mask

    def finished(self) -> Picture:
        return _shrunk(self._image)

    def finished_mask(self, mask: Picture) -> Picture:
        return _shrunk(mask)

    def _empty_mask(self) -> Picture:
        return np.zeros((self._height, self._width), dtype=np.uint8)

    def _pixels(self, points: ArrayLike) -> FloatArray:
        pixels, _ = self._camera.project(points)
        scaled: FloatArray = np.rint(pixels * (_OVERSAMPLING << _FIXED_POINT_BITS))
        return scaled

    def _polygon(
        self, points: ArrayLike, colour: tuple[int, ...], onto: Picture | None = None
    ) -> None:
        target = self._image if onto is None else onto
        pixels = self._pixels(points).astype(np.int32)
        cv2.fillConvexPoly(target, pixels, colour, cv2.LINE_8, _FIXED_POINT_BITS)

    def _line(self, start: ArrayLike, end: ArrayLike, colour: Rgb) -> None:
        first, second = self._pixels(np.array([start, end])).astype(int).tolist()
        cv2.line(self._image, first, second, colour, _OVERSAMPLING, cv2.LINE_8, _FIXED_POINT_BITS)


def _circle(height: float) -> FloatArray:
    angles = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
    ring = PEDESTAL_RADIUS_M * np.column_stack([np.cos(angles), np.sin(angles)])
    return np.column_stack([ring, np.full(len(angles), height)])


def _shrunk(image: Picture) -> Picture:
    small = cv2.resize(image, (IMAGE_WIDTH, IMAGE_HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)
