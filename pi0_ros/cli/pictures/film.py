"""An MP4 file that grows picture by picture."""

from pathlib import Path
from types import TracebackType

import av
import numpy as np
from numpy.typing import NDArray

_CODEC = "libx264"


class Film:
    """Use it in a `with` statement: the file is complete when that ends.

    Args:
        rate_hz: pictures a second.
    """

    def __init__(self, file: Path, rate_hz: int) -> None:
        self._container = av.open(str(file), "w")
        self._stream = self._container.add_stream(_CODEC, rate=rate_hz)
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"crf": "23", "preset": "veryfast"}
        self._began = False

    def __enter__(self) -> "Film":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._began:
            self._container.mux(self._stream.encode())
        self._container.close()

    def add(self, picture: NDArray[np.uint8]) -> None:
        """Takes a uint8 RGB picture, shape (height, width, 3), of the size of the first one."""
        if not self._began:
            self._stream.height, self._stream.width = picture.shape[:2]
            self._began = True
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        self._container.mux(self._stream.encode(frame))
