"""Which time stamps are believed, and how old a stream is."""

from dataclasses import dataclass

from pi0_ros.core.errors import InputRefused

NS_PER_S = 1_000_000_000
FUTURE_TOLERANCE_NS = 50_000_000
# A clock that steps back by more than this was set or its simulation reset.
CLOCK_STEP_BACK_NS = 100_000_000
# Simulated time may run this much slower than the steady clock without anything counting as stale.
SLOWEST_SIMULATION = 0.1
# A gap this much longer than the usual period means that messages are missing.
_GAP_FACTOR = 1.5
_PERIOD_SMOOTHING = 0.1


class ClockWatch:
    """Notices that ROS time was set back, from the times it is shown."""

    def __init__(self) -> None:
        self._newest_ns = 0

    def set_back(self, now_ns: int) -> bool:
        """Whether `now_ns` is before times already shown; small steps are jitter of callers."""
        stepped = now_ns < self._newest_ns - CLOCK_STEP_BACK_NS
        self._newest_ns = now_ns if stepped else max(self._newest_ns, now_ns)
        return stepped


@dataclass(frozen=True, slots=True)
class StreamStatistics:
    """Counts of one stream since the counters were restarted.

    Attributes:
        age_s: seconds since the newest valid message, -1 where none ever came.
        received: valid messages.
        dropped: messages that never came, judged by gaps between stamps.
        refused: messages that came and were refused.
    """

    name: str
    age_s: float
    received: int
    dropped: int
    refused: int


class StampedStream:
    """Arrivals on one topic.

    Age is the larger of two: steady time since the newest message arrived, and ROS time since it
    was captured. A stalled publisher shows in the first, a late one in the second.

    Args:
        slowest_clock: seconds of ROS time in one of the steady clock, where they may be fewer: a
            simulation that is slow delivers as seldom, and nothing is stale for that. A stalled
            publisher then shows in ROS time, and a clock that stands still in steady time.
    """

    def __init__(self, name: str, slowest_clock: float = 1.0) -> None:
        self.name = name
        self._slowest_clock = slowest_clock
        self._stamp_ns: int | None = None
        self._arrival_ns = 0
        self._period_ns: float | None = None
        self.restart_counters()

    def restart_counters(self) -> None:
        self._received = 0
        self._dropped = 0
        self._refused = 0
        self._count_gap = False

    @property
    def seen(self) -> bool:
        return self._stamp_ns is not None

    def forget(self) -> None:
        """As before the first message; counters stay."""
        self._stamp_ns = None
        self._period_ns = None

    def refuse(self) -> None:
        self._refused += 1
        # The refused message leaves a gap of its own, which must not count as a dropped one.
        self._count_gap = False

    def accept(self, stamp_ns: int, now_ns: int, steady_ns: int) -> None:
        """Takes note of a valid message.

        Raises:
            InputRefused: kind "future", "duplicate" or "older"; the caller counts it.
        """
        if stamp_ns > now_ns + FUTURE_TOLERANCE_NS:
            ahead = (stamp_ns - now_ns) / NS_PER_S
            raise InputRefused(
                "future",
                f"{self.name}: stamp is {ahead:.3f} s in the future; "
                "are the clocks synchronised, is use_sim_time the same everywhere?",
            )
        if self._stamp_ns is not None:
            if stamp_ns == self._stamp_ns:
                raise InputRefused("duplicate", f"{self.name}: stamp repeated")
            if stamp_ns < self._stamp_ns:
                raise InputRefused("older", f"{self.name}: stamp older than the newest")
            self._note_period(stamp_ns - self._stamp_ns)
        self._stamp_ns = stamp_ns
        self._arrival_ns = steady_ns
        self._received += 1
        self._count_gap = True

    def _note_period(self, period_ns: int) -> None:
        if self._period_ns is None:
            self._period_ns = float(period_ns)
            return
        if period_ns > _GAP_FACTOR * self._period_ns and self._count_gap:
            self._dropped += round(period_ns / self._period_ns) - 1
        bounded = min(float(period_ns), 2.0 * self._period_ns)
        self._period_ns += _PERIOD_SMOOTHING * (bounded - self._period_ns)

    def age_s(self, now_ns: int, steady_ns: int) -> float | None:
        """Seconds since the newest message; None where none ever came."""
        if self._stamp_ns is None:
            return None
        since_arrival_ns = (steady_ns - self._arrival_ns) * self._slowest_clock
        return max(since_arrival_ns, now_ns - self._stamp_ns) / NS_PER_S

    def statistics(self, steady_ns: int) -> StreamStatistics:
        age = -1.0 if not self.seen else (steady_ns - self._arrival_ns) / NS_PER_S
        return StreamStatistics(self.name, age, self._received, self._dropped, self._refused)
