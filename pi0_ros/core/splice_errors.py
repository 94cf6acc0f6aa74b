"""How far each chunk is, where it takes over, from what was followed until then."""

from collections import deque

# Between two reports there are a few; when nobody reports, the oldest go.
_KEPT = 1000


class SpliceErrors:
    """Distances at the splices since the last `restart`, each the largest of all joints, rad or m.

    Attributes:
        newest: 0 until one chunk has replaced another.
        peak: the largest of all.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.newest = self.peak = 0.0
        self._since_taken: deque[float] = deque(maxlen=_KEPT)

    def add(self, error: float) -> None:
        self.newest = error
        self.peak = max(self.peak, error)
        self._since_taken.append(error)

    def take(self) -> tuple[float, ...]:
        """Those since the last call, oldest first."""
        taken = tuple(self._since_taken)
        self._since_taken.clear()
        return taken
