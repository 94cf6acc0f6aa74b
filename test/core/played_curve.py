"""What an arm plays when messages come late, twice, in another order or not at all.

Written apart from the planner: it knows messages and arrivals, nothing of plans or promises.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.trajectory import Trajectory

from .arms import RELATIVE

# Arrivals that still matter for what is played now and later.
_REMEMBERED = 40


@dataclass
class PlayedCurve:
    """An arm that at every instant plays the message that arrived last.

    Between points it moves in straight lines, before the first point and after the last one it
    stands. All times are the arm's.

    Attributes:
        tick_ns: period in which velocity changes are judged.
    """

    limits: ArmLimits
    tick_ns: int
    arrivals: list[tuple[int, Trajectory]] = field(default_factory=list)

    def arrive(self, time_ns: int, message: Trajectory) -> None:
        assert not self.arrivals or time_ns >= self.arrivals[-1][0]
        self.arrivals = [*self.arrivals[-_REMEMBERED:], (time_ns, message)]

    def at(self, times_ns: NDArray[np.int64]) -> FloatArray:
        """Positions, shape (times, joints); from the first arrival on."""
        starts = np.array([arrival for arrival, _ in self.arrivals])
        active = np.maximum(np.searchsorted(starts, times_ns, side="right") - 1, 0)
        positions = np.empty((len(times_ns), self.limits.joints))
        for index in np.unique(active):
            here = active == index
            message = self.arrivals[index][1]
            positions[here] = np.stack(
                [
                    np.interp(times_ns[here], message.times_ns, column)
                    for column in message.positions.T
                ],
                axis=1,
            )
        return positions

    @property
    def end_ns(self) -> int:
        return int(self.arrivals[-1][1].times_ns[-1]) + 3 * self.tick_ns

    def check(self, since_ns: int | None = None) -> None:
        """Every limit from `since_ns` until the arm stands, should nothing more arrive.

        Raises:
            AssertionError: naming the joint and what it breaks.
        """
        newest = self.arrivals[-1][1]
        assert np.array_equal(newest.positions[-1], newest.positions[-2]), "does not end at rest"
        first = max(self.arrivals[0][0], since_ns or self.arrivals[0][0])
        # Everything bends at a message's points or at an arrival, and jumps at arrivals only.
        corners = [np.array([first, self.end_ns])]
        for arrival, message in self.arrivals:
            corners += [message.times_ns, np.array([arrival - 1, arrival])]
        times = np.unique(np.concatenate(corners))
        times = times[(times >= first) & (times <= self.end_ns)]
        positions = self.at(times)
        self._no_more(self.limits.lower - positions, 1e-12, "lower limit")
        self._no_more(positions - self.limits.upper, 1e-12, "upper limit")
        seconds = (np.diff(times) / 1e9)[:, np.newaxis]
        travel = np.abs(np.diff(positions, axis=0))
        # Interpolation at times of 1e9 ns rounds positions by about 1e-12 rad.
        self._no_more(travel - self.limits.velocity * (1 + RELATIVE) * seconds, 1e-11, "velocity")
        phase = int(newest.times_ns[0]) % self.tick_ns
        for offset in (0, self.tick_ns // 3, self.tick_ns // 2):
            start = first + (phase + offset - first) % self.tick_ns
            sampled = self.at(np.arange(start, self.end_ns, self.tick_ns))
            change = np.abs(np.diff(sampled, n=2, axis=0))
            allowed = self.limits.acceleration * (self.tick_ns / 1e9) ** 2
            self._no_more(change - allowed * (1 + RELATIVE), 1e-11, "acceleration")

    def _no_more(self, excess: FloatArray, tolerance: float, what: str) -> None:
        worst = excess.max(axis=0, initial=-np.inf)
        for index, name in enumerate(self.limits.joint_names):
            assert worst[index] <= tolerance, f"{name} breaks its {what} by {worst[index]:.3g}"
