"""How far the arm has come along the chunks it plays."""

from bisect import bisect_right
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.ramp import CHANGE_PER_S, Ramp

# Stretches kept: some seconds of chunks, more than a chunk that is still played can be old.
_KEPT = 512
_LONG_AGO_NS = -(2**62)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A piece of time on which the clock obeys one ramp.

    Attributes:
        ramp: rows a second.
        rows: what the clock shows where the ramp begins.
        slow_down: divides the ramp's rate; >= 1.
    """

    ramp: Ramp
    rows: float
    slow_down: float

    def at(self, times_ns: NDArray[np.int64]) -> FloatArray:
        return self.rows + self.ramp.passed_ns(times_ns) / (1e9 * self.slow_down)


class PlayClock:
    """Counts rows of chunks: it stands while nothing is played, and never runs back.

    A chunk's first row is where the arm was at the capture, so the row that is due is not a
    question of the time since then, but of how far the arm has come since then: not at all where it
    stood, half as far where it is driven at half the speed. Times are ROS time in ns.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Stands, and knows of nothing else: times mean nothing after a clock was set."""
        self._stretches = [_Stretch(Ramp(_LONG_AGO_NS, 0.0, 0.0), 0.0, 1.0)]

    @property
    def stands(self) -> bool:
        """Whether nothing is played from the newest change on."""
        return self._stretches[-1].ramp.target == 0.0

    def stand(self, time_ns: int, braking_s: float = 0.0) -> None:
        """Nothing is played from `time_ns` on, and the arm stands `braking_s` later.

        All joints brake together in a straight line, so that they come half as far along their way
        as they would have at their speed.
        """
        if self.stands:
            return
        rate, slow_down = self._rate_at(time_ns), self._stretches[-1].slow_down
        if braking_s <= 0.0 or rate <= 0.0:
            self._begin(Ramp(time_ns, 0.0, 0.0), 1.0)
        else:
            self._begin(Ramp(time_ns, rate, 0.0, rate / braking_s), slow_down)

    def play(
        self, time_ns: int, rows_per_s: float, share: float = 1.0, slow_down: float = 1.0
    ) -> None:
        """From `time_ns` on approaches a rate smoothly, or has it at once where it stood.

        Args:
            rows_per_s: at full speed.
            share: of full speed, above 0, at most 1.
            slow_down: >= 1; divides it at once.
        """
        newest, target = self._stretches[-1], share * rows_per_s
        if newest.ramp.start == newest.ramp.target == target and newest.slow_down == slow_down:
            return
        start = target if self.stands else self._rate_at(time_ns)
        per_s = CHANGE_PER_S * max(start, rows_per_s)
        self._begin(Ramp(time_ns, start, target, per_s), slow_down)

    def rows_at(self, times_ns: NDArray[np.int64]) -> FloatArray:
        """What the clock shows at each time, from an arbitrary zero, rows, shape (times,)."""
        stretches = self._stretches
        shown = stretches[-1].at(times_ns)
        if times_ns.min(initial=stretches[-1].ramp.from_ns) < stretches[-1].ramp.from_ns:
            begins = [stretch.ramp.from_ns for stretch in stretches]
            for index, time_ns in enumerate(times_ns.tolist()):
                stretch = stretches[max(0, bisect_right(begins, time_ns) - 1)]
                shown[index] = stretch.at(times_ns[index : index + 1])[0]
        return shown

    def between(self, start_ns: int, end_ns: int) -> float:
        """Rows that it counts from one time to another."""
        start, end = self.rows_at(np.array([start_ns, end_ns], dtype=np.int64))
        return float(end - start)

    def _rate_at(self, time_ns: int) -> float:
        return float(self._stretches[-1].ramp.at(np.array([time_ns], dtype=np.int64))[0])

    def _begin(self, ramp: Ramp, slow_down: float) -> None:
        # What is decided already is not decided anew.
        from_ns = max(ramp.from_ns, self._stretches[-1].ramp.from_ns)
        rows = float(self._stretches[-1].at(np.array([from_ns], dtype=np.int64))[0])
        begun = _Stretch(replace(ramp, from_ns=from_ns), rows, slow_down)
        self._stretches = [*self._stretches[-_KEPT:], begun]
