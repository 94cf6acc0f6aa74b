"""ROS time as the control loop sees it: wall time that may be set, or a simulation's."""

from pi0_ros.core.stamps import NS_PER_S, ClockWatch

_STEP_AHEAD_NS = 100_000_000
# A simulation may run this much faster than the steady clock without counting as a jump.
_FASTEST_SIMULATION = 10


class LoopClock:
    """Notices steps of ROS time in both directions, and how far a step back went."""

    def __init__(self) -> None:
        self._watch = ClockWatch()
        self._was_set_back = False
        self._tick: tuple[int, int] | None = None

    def restart(self, now_ns: int, steady_ns: int) -> None:
        """The time line begins here."""
        self._was_set_back = False
        self._tick = now_ns, steady_ns

    def set_back(self, now_ns: int) -> bool:
        """Whether ROS time is before what was seen already."""
        stepped = self._watch.set_back(now_ns)
        self._was_set_back |= stepped
        return stepped

    def tick(self, now_ns: int, steady_ns: int) -> tuple[int, float]:
        """Compares ROS time with the steady clock since the tick before.

        Returns:
            By how many ns the time line moved where the clock was set back, else 0; and by how
            many seconds it jumped ahead, else 0. After a jump ahead the arm's controller has
            played to the end what it had, at rest: the time line stays.
        """
        before_ns, before_steady_ns = (now_ns, steady_ns) if self._tick is None else self._tick
        self._tick = now_ns, steady_ns
        passed_ns, steady_passed_ns = now_ns - before_ns, steady_ns - before_steady_ns
        if self._was_set_back:
            self._was_set_back = False
            return passed_ns - steady_passed_ns, 0.0
        if passed_ns > _FASTEST_SIMULATION * steady_passed_ns + _STEP_AHEAD_NS:
            return 0, (passed_ns - steady_passed_ns) / NS_PER_S
        return 0, 0.0
