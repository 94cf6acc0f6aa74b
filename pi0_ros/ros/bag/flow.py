"""How much comes a second."""

from collections import deque

_WINDOW = 5


class Flow:
    """Bytes a second, over the last whole seconds."""

    def __init__(self) -> None:
        self._seconds: deque[list[int]] = deque(maxlen=_WINDOW + 1)

    def take(self, size: int, now_s: float) -> None:
        second = int(now_s)
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0])
        self._seconds[-1][1] += size

    @property
    def bytes_per_s(self) -> float:
        """The second that is under way counts only while there is no other."""
        whole = list(self._seconds)[:-1] or list(self._seconds)
        return sum(size for _, size in whole) / len(whole) if whole else 0.0
