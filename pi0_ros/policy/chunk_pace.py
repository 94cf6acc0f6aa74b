"""Whether an arm plays chunks at the speed they ask for."""

from collections import deque

from pi0_ros.core.arrays import FloatArray

# Less motion than this says nothing about the speed it is made at.
_STILL_RAD = 0.01
# Share of the chunks' own speed that still counts as it: an arm that lags behind is slower where
# it turns.
_SLOWEST = 0.8
# Rows between pictures that are looked back on: where it turns once in a while, the others make up
# for it.
_REMEMBERED_ROWS = 10.0


class ChunkPace:
    """Whether the arm plays chunks at their own speed, from how far it went between two pictures.

    At another speed (a speed scale, chunks slowed down by the limits) the clock does not say where
    in a chunk the arm is, and guiding by it would drive the motion on ahead of the arm. A constant
    lag behind the commands leaves the difference of two positions as it is. One that goes further
    than asked is as good: splices that jump ahead do that, and guiding is what ends them.
    """

    def __init__(self) -> None:
        self._recent: deque[tuple[float, float, float]] = deque()

    def forget(self) -> None:
        self._recent.clear()

    def moved(self, asked: FloatArray, gone: FloatArray, rows: float) -> None:
        """
        Args:
            asked, gone: between two pictures, by the chunk of the first, and measured; (joints,).
            rows: of that chunk, between the pictures.
        """
        self._recent.append((float(gone @ asked), float(asked @ asked), rows))
        while sum(rows for *_, rows in self._recent) - self._recent[0][2] >= _REMEMBERED_ROWS:
            self._recent.popleft()

    @property
    def is_kept(self) -> bool:
        """True as well where there was too little motion to tell."""
        gone = sum(one for one, _, _ in self._recent)
        asked = sum(one for _, one, _ in self._recent)
        return asked < _STILL_RAD**2 or gone >= _SLOWEST * asked
