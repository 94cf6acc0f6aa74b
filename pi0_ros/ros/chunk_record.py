"""How often chunks come and how long they take."""

from collections import deque
from statistics import median

_WINDOW_NS = 5_000_000_000
_RECENT = 100


class ChunkRecord:
    """Figures for PolicyStatus since the last `restart`; used under its owner's lock."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.chunks = 0
        self._published_ns: deque[int] = deque()
        self._inference_s: deque[float] = deque(maxlen=_RECENT)

    def published(self, steady_ns: int, inference_ns: int) -> None:
        self.chunks += 1
        self._published_ns.append(steady_ns)
        self._inference_s.append(inference_ns / 1e9)

    def rate_hz(self, steady_ns: int) -> float:
        """Chunks per second over the last five seconds; 0 where there were fewer than two."""
        times = self._published_ns
        while times and steady_ns - times[0] > _WINDOW_NS:
            times.popleft()
        if len(times) < 2:
            return 0.0
        return (len(times) - 1) / ((times[-1] - times[0]) / 1e9)

    @property
    def last_s(self) -> float:
        return self._inference_s[-1] if self._inference_s else 0.0

    @property
    def p50_s(self) -> float:
        return median(self._inference_s) if self._inference_s else 0.0
