"""The simulation's time."""

import time
from collections.abc import Callable
from typing import Protocol

_NS = 1_000_000_000
# One tick of a control loop: where a machine is too slow, time falls behind rather than leaping
# over what others had to do in it.
_MAX_STRIDE_NS = 20_000_000


class SimTime(Protocol):
    def now_ns(self) -> int:
        """Simulated time, as others see it."""
        ...

    def advanced_ns(self) -> int:
        """Simulated time after it went on; for the one who publishes it."""
        ...


class WallTime:
    """Simulated time is the wall clock's.

    Args:
        ros_now_ns: the node's clock.
    """

    def __init__(self, ros_now_ns: Callable[[], int]) -> None:
        self.now_ns = self.advanced_ns = ros_now_ns


class PacedTime:
    """Simulated time that runs at `factor` of real time, and slower where nobody keeps up.

    Args:
        start_ns: simulated time now.
        factor: simulated seconds per second.
        steady_ns: a clock that never jumps.
    """

    def __init__(
        self, start_ns: int, factor: float, steady_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._steady_ns = steady_ns
        self._factor = factor
        self._newest_ns = start_ns
        self._asked_ns = steady_ns()
        self._left = 0.0

    def now_ns(self) -> int:
        return self._newest_ns

    def advanced_ns(self) -> int:
        """Simulated time; between two calls it advances by at most 20 ms."""
        asked_ns = self._steady_ns()
        passed = (asked_ns - self._asked_ns) * self._factor + self._left
        self._asked_ns = asked_ns
        stride_ns = min(int(passed), _MAX_STRIDE_NS)
        # Fractions of a nanosecond are kept, so that a slow simulation keeps its rate.
        self._left = passed - int(passed)
        self._newest_ns += stride_ns
        return self._newest_ns


class SimBeat:
    """Says when something periodic is due, in simulated time; what was missed is skipped."""

    def __init__(self, rate_hz: float) -> None:
        self._period_ns = round(_NS / rate_hz)
        self._next_ns: int | None = None

    def due(self, now_ns: int) -> bool:
        """Whether it is due, once for each period; at once after the clock went back."""
        period_ns = self._period_ns
        if self._next_ns is None or self._next_ns - now_ns > 2 * period_ns:
            self._next_ns = now_ns
        if now_ns < self._next_ns:
            return False
        self._next_ns += ((now_ns - self._next_ns) // period_ns + 1) * period_ns
        return True
