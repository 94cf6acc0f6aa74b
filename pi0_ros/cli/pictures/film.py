"""An MP4 file that grows picture by picture."""

from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from numpy.typing import NDArray

_CODEC = "libx264"
# Written in pieces, so that a killed process or a full disk leaves all but the last of them.
_IN_PIECES = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"}
_PIECE_S = 2


class Film:
    """Use it in a `with` statement: the file is complete when that ends.

    Args:
        rate_hz: pictures a second.
        threads: that encode; 0 for as many as are fast.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, file: Path, rate_hz: int, threads: int = 0) -> None:
        self._container = av.open(str(file), "w", format="mp4", options=_IN_PIECES)
        self._rate_hz = rate_hz
        self._stream = self._container.add_stream(_CODEC, rate=rate_hz)
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {
            "crf": "23",
            "preset": "veryfast",
            # Frames that refer to later ones would begin a file in pieces late.
            "bf": "0",
            "g": str(_PIECE_S * rate_hz),
            "threads": str(threads),
        }
        self._began = False
        self._next = 0

    def __enter__(self) -> "Film":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._began:
                self._container.mux(self._stream.encode())
        finally:
            self._container.close()

    def add(self, picture: NDArray[np.uint8], place: int | None = None) -> None:
        """Takes a uint8 RGB picture, shape (height, width, 3), of the size of the first one.

        Args:
            place: its number, at `rate_hz`; higher than the last one's. Where some are left out,
                the one before stays on.
        """
        if not self._began:
            self._stream.height, self._stream.width = picture.shape[:2]
            # By itself: where it fails within mux(), PyAV crashes at the end.
            self._container.start_encoding()
            self._began = True
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        frame.pts = self._next if place is None else place
        frame.time_base = Fraction(1, self._rate_hz)
        self._next = frame.pts + 1
        self._container.mux(self._stream.encode(frame))
