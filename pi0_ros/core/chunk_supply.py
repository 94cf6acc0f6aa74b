"""How fast a chunk may be played if it is to last until the next one."""

from collections import deque
from math import copysign, sqrt

from pi0_ros.core.ramp import CHANGE_PER_S

# Chunks behind the estimate: what was slow once is forgotten after as many.
_REMEMBERED = 8
# The next one may take so much longer than the slowest of these.
_LATER = 0.1
# One that comes within its own length needs no less than half of its speed for long; a picture must
# not drive an arm for much longer than its chunk was made for.
_SLOWEST = 0.25


class ChunkSupply:
    """Learns when chunks come, in ns of ROS time; nothing of it is assumed.

    A chunk of length L that comes D after its capture, every E, has been played for D at rate r
    when it takes over, and must last for another E: r (D + E) <= L. With one inference at a time D
    and E are about the same, so beyond half a chunk's length an arm that plays at full speed runs
    out of motion, stops, and starts anew with each chunk. Played slower it goes on, on the same
    path.
    """

    def __init__(self) -> None:
        self.stopped()

    def stopped(self) -> None:
        """Nothing is played any more: the time until the next chunk tells nothing."""
        self._intervals_ns: deque[int] = deque(maxlen=_REMEMBERED)
        self._newest_ns: int | None = None

    def came(self, takeover_ns: int, counts: bool = True) -> None:
        """
        Args:
            takeover_ns: when the newest chunk takes over.
            counts: whether the time since the chunk before it says anything of those to come.
        """
        if self._newest_ns is not None and counts:
            self._intervals_ns.append(takeover_ns - self._newest_ns)
        self._newest_ns = takeover_ns

    def lasting_rate(
        self, length_ns: float, left_ns: float, delay_ns: int, rate: float | None, spare_ns: int
    ) -> float:
        """Largest share of full speed at which the newest chunk lasts until the next, at most 1.

        Args:
            length_ns: from a chunk's first row to its last at full speed.
            left_ns: of the newest chunk's, what is still to be played when it takes over.
            delay_ns: from a chunk's capture until it takes over.
            rate: in force now, from which the result is approached at CHANGE_PER_S; None where the
                arm stands, and plays at the result from the beginning.
            spare_ns: by how much it should last longer.
        """
        # Until two have come: the next begins when this one is there, and takes as long.
        expected_ns = max(self._intervals_ns, default=delay_ns)
        until_ns = expected_ns + _LATER * expected_ns + spare_ns
        lasting = min(1.0, length_ns / (delay_ns + until_ns))
        left_s, until_s = left_ns / 1e9, until_ns / 1e9
        enough = left_s / until_s if rate is None else _approached(rate, left_s, until_s)
        return max(_SLOWEST, min(lasting, enough))


def _approached(rate: float, left_s: float, until_s: float) -> float:
    """The target of a ramp from `rate` on which `left_s` are played in `until_s`.

    With x the change of the rate: T rate +- (T x - x^2 / (2 CHANGE_PER_S)) = left.
    """
    missing = left_s - rate * until_s
    under = max(0.0, until_s**2 - 2.0 * abs(missing) / CHANGE_PER_S)
    return rate + copysign(CHANGE_PER_S * (until_s - sqrt(under)), missing)
