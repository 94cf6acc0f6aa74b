"""When something begins that begins when its input comes, and at a mean rate."""

from pi0_ros.core.errors import ConfigurationError

# Simulated time may stand still: nothing is asked more often than that.
_SHORTEST_NS = 1_000_000


class Pace:
    """Beginnings as their input has them, some earlier and some later than the rate says.

    One that comes late lets later ones come early, by up to a period in all. Input that comes
    faster than the rate is used as it comes, with one left out now and then: the mean is kept, and
    nothing waits. One that was left out is used late if nothing newer comes in its place. Time
    comes in as an argument: ROS time, where the input is stamped with it.
    """

    def __init__(self, rate_hz: float) -> None:
        if not 0.0 < rate_hz <= 10_000.0:
            raise ConfigurationError(f"rate must be above 0 and at most 10000 Hz, got {rate_hz}")
        self._period_ns = round(1e9 / rate_hz)
        self._free_ns: int | None = None
        self._reserve_ns: int | None = None

    def wants(self, is_new: bool, now_ns: int) -> bool:
        """Whether to begin now; after a clock that was set back, as if nothing had begun yet.

        Args:
            is_new: there is input that was never asked about; after a no, it is left out.
        """
        if self._free_ns is not None and self._free_ns - now_ns > self._period_ns:
            self._free_ns = self._reserve_ns = None
        if self._free_ns is None or now_ns >= self._free_ns:
            return is_new or (self._reserve_ns is not None and now_ns >= self._reserve_ns)
        if is_new:
            # Input that is due by then comes before, even if it jitters by as much as a period.
            self._reserve_ns = self._free_ns + 2 * self._period_ns
        return False

    def next_ns(self, at_most_ns: int) -> int:
        """When to ask again, new input or not."""
        return at_most_ns if self._reserve_ns is None else min(at_most_ns, self._reserve_ns)

    def wait_ns(self, now_ns: int, longest_ns: int) -> int:
        """How long to wait for input before asking again; never 0."""
        return max(_SHORTEST_NS, self.next_ns(now_ns + longest_ns) - now_ns)

    def began(self, now_ns: int) -> None:
        """At `now_ns`, for which the answer was yes."""
        free_ns = now_ns - self._period_ns if self._free_ns is None else self._free_ns
        self._free_ns = max(free_ns, now_ns - self._period_ns) + self._period_ns
        self._reserve_ns = None

    def rest(self) -> None:
        """What was left out is not to be used any more."""
        self._reserve_ns = None
