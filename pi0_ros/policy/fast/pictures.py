"""Camera pictures to what the vision tower multiplies with, exactly as LeRobot shrinks them."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

_COLOURS = 3


class Letterbox:
    """Shrinks uint8 RGB pictures of one size into a square, centred on black, scaled to -1...1.

    LeRobot converts a whole picture to float and then reads at most two rows and two columns of it
    per pixel of the square. Here only those are read. Which ones, and with which weights, is asked
    of the very function that LeRobot shrinks with.

    Args:
        views: pictures per call.
        picture: height and width of each, px.
        side: of the square, px.
        upload: whether whole pictures go to the device and are picked from there; None: where it
            is not the CPU, to which the picked pixels alone are less.
    """

    def __init__(
        self,
        views: int,
        picture: tuple[int, int],
        side: int,
        device: torch.device,
        upload: bool | None = None,
    ) -> None:
        height, width = picture
        ratio = max(width / side, height / side)
        shrunk = (int(height / ratio), int(width / ratio))
        rows, row_weights = _taps(height, shrunk[0])
        columns, column_weights = _taps(width, shrunk[1])
        # Two rows by two columns; pixels in the order y, x, colour.
        pixels = rows[:, None, :, None] * width + columns[None, :, None, :]
        index = (pixels[..., None] * _COLOURS + torch.arange(_COLOURS)).reshape(-1)
        weights = row_weights[:, None, :, None] * column_weights[None, :, None, :]
        # 0...255 becomes 0...2, and 1 is subtracted at the end.
        weights = (weights * (2.0 / 255.0)).reshape(4, -1, 1).expand(-1, -1, _COLOURS)
        self._weights = weights.reshape(4, -1).float().to(device)
        self._shrunk = (views, *shrunk, _COLOURS)
        top, left = (side - shrunk[0]) // 2, (side - shrunk[1]) // 2
        # What the pictures do not cover stays black: -1.
        self._squares = torch.full((views, side, side, _COLOURS), -1.0, device=device)
        self._covered = self._squares[:, top : top + shrunk[0], left : left + shrunk[1]]
        self._upload = device.type != "cpu" if upload is None else upload
        if self._upload:
            self._staged = torch.empty((views, height * width * _COLOURS), dtype=torch.uint8)
            if device.type == "cuda":
                self._staged = self._staged.pin_memory()
            self._uploaded = torch.empty_like(self._staged, device=device)
            self._index = index.to(device)
        else:
            self._staged = torch.empty((views, index.numel()), dtype=torch.uint8)
            self._index = index.numpy()
        self._rows = list(self._staged.numpy())

    def load(self, pictures: Sequence[NDArray[np.uint8]]) -> None:
        """Takes the pictures, each uint8 (height, width, 3) RGB, in the order of the views."""
        for row, picture in zip(self._rows, pictures, strict=True):
            if self._upload:
                np.copyto(row, picture.reshape(-1))
            else:
                # Every index is inside; "clip" only spares numpy a copy.
                picture.reshape(-1).take(self._index, out=row, mode="clip")

    def shrink(self) -> Tensor:
        """What was loaded, float32 (views, side, side, 3) in -1...1, in memory that is reused."""
        taps = self._staged
        if self._upload:
            self._uploaded.copy_(self._staged, non_blocking=True)
            taps = self._uploaded.index_select(1, self._index)
        values = torch.mul(taps.view(taps.shape[0], 4, -1), self._weights).sum(1)
        torch.sub(values.view(self._shrunk), 1.0, out=self._covered)
        return self._squares


def _taps(size: int, shrunk: int) -> tuple[Tensor, Tensor]:
    """The two places that bilinear shrinking reads for each of `shrunk`, and their weights.

    Returns:
        Indices, int64, and weights, float64, both of shape (2, shrunk). Where one place is enough
        the other has weight 0.
    """
    unit = torch.eye(size, dtype=torch.float32)[None]
    response = functional.interpolate(unit, size=shrunk, mode="linear", align_corners=False)[0]
    weights, places = response.topk(min(2, size), dim=0)
    if size == 1:
        weights, places = torch.cat([weights, 0 * weights]), torch.cat([places, places])
    return places, weights.double()
