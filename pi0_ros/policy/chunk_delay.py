"""How long after an observation the chunk made of it takes over, from what was measured."""

from collections import deque

# Measurements behind the estimate: what was slow once is forgotten after as many chunks.
_REMEMBERED = 16


class ChunkDelay:
    """The largest of the recent delays from an observation's capture to its chunk's publishing.

    Both are stamps of one clock, so the picture's age is in it, and a simulated clock that runs
    slower than the wall makes it smaller, as it should. The first chunk of an epoch sets things up
    (it may tokenize, or record a CUDA graph) and counts only until there is another.
    """

    def __init__(self) -> None:
        self._recent_ns: deque[int] = deque(maxlen=_REMEMBERED)
        self._first_ns: int | None = None
        self._epoch: int | None = None

    @property
    def expected_ns(self) -> int | None:
        """None until something was measured."""
        return max(self._recent_ns, default=self._first_ns)

    def measured(self, epoch: int, delay_ns: int) -> None:
        """
        Args:
            delay_ns: what came before its observation (the clock was set) is not counted.
        """
        if delay_ns < 0:
            return
        if epoch != self._epoch:
            self._epoch, self._first_ns = epoch, delay_ns
        else:
            self._recent_ns.append(delay_ns)
