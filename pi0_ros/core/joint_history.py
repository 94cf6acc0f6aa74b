"""Joint positions of the last moments, to find those of the moment that a picture shows."""

from bisect import bisect_left
from collections import deque

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.stamps import NS_PER_S

# Twice the rate of the fastest drivers: memory stays bounded whatever comes, and time decides what
# is kept.
_FASTEST_HZ = 2000.0


class JointHistory:
    """Samples of the last seconds before the newest.

    Args:
        seconds: how far back a moment can be asked for.
    """

    def __init__(self, seconds: float) -> None:
        self._length_ns = round(seconds * NS_PER_S)
        most = round(seconds * _FASTEST_HZ) + 2
        self._samples: deque[tuple[int, FloatArray]] = deque(maxlen=most)

    def add(self, stamp_ns: int, positions: FloatArray) -> None:
        """A sample that is newer than all before it."""
        self._samples.append((stamp_ns, positions))
        while self._samples[0][0] < stamp_ns - self._length_ns:
            self._samples.popleft()

    def clear(self) -> None:
        self._samples.clear()

    def nearest(self, stamp_ns: int) -> tuple[int, FloatArray]:
        """The sample nearest to that moment, of two the older: its distance, ns, and positions.

        Raises:
            IndexError: there is none at all.
        """
        after = bisect_left(self._samples, stamp_ns, key=lambda sample: sample[0])
        neighbours = (
            self._samples[max(after - 1, 0)],
            self._samples[min(after, len(self._samples) - 1)],
        )
        stamp, positions = min(neighbours, key=lambda sample: abs(sample[0] - stamp_ns))
        return abs(stamp - stamp_ns), positions
