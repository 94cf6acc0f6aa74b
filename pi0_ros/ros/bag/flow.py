"""How much comes a second."""

from collections import deque

# Whole ones, and one at either end.
_SECONDS = 7


class Flow:
    """Bytes a second, over the last whole seconds."""

    def __init__(self) -> None:
        self._seconds: deque[list[int]] = deque(maxlen=_SECONDS)

    def take(self, size: int, now_s: float) -> None:
        second = int(now_s)
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0])
        self._seconds[-1][1] += size

    @property
    def bytes_per_s(self) -> float:
        """0 while nobody can say: the first second and the one under way are not whole."""
        whole = list(self._seconds)[1:-1]
        return sum(size for _, size in whole) / len(whole) if whole else 0.0
