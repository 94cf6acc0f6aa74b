"""What has been promised to the arm: positions on the tick grid that end at rest."""

from dataclasses import dataclass

import numpy as np

from pi0_ros.core.arrays import FloatArray, frozen


@dataclass(frozen=True, slots=True, eq=False)
class MotionPlan:
    """Planned positions, one row a tick.

    Attributes:
        first: tick index of row 0.
        rows: shape (ticks, joints); before the first row and after the last the arm is at rest.
    """

    first: int
    rows: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", frozen(self.rows))

    @staticmethod
    def at_rest(tick: int, position: FloatArray) -> "MotionPlan":
        return MotionPlan(tick, position[np.newaxis, :])

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1

    def between(self, start: int, stop: int) -> FloatArray:
        """Rows of ticks start..stop, both included, shape (stop - start + 1, joints)."""
        wanted = np.arange(start - self.first, stop + 1 - self.first)
        rows: FloatArray = self.rows.take(wanted, axis=0, mode="clip")
        return rows

    def position(self, tick: int) -> FloatArray:
        position: FloatArray = self.between(tick, tick)[0]
        return position

    def velocity(self, tick: int, dt_s: float) -> FloatArray:
        """Velocity with which tick `tick` is reached, shape (joints,)."""
        before, now = self.between(tick - 1, tick)
        velocity: FloatArray = (now - before) / dt_s
        return velocity

    def at_rest_from(self, tick: int) -> bool:
        """Whether nothing moves any more from `tick` on."""
        rest = self.between(tick, max(tick, self.last))
        return bool(np.all(rest == rest[0]))

    def replaced_after(self, tick: int, rows: FloatArray, keep_from: int) -> "MotionPlan":
        """This plan up to `tick`, then `rows`; rows before `keep_from` are forgotten."""
        start = max(min(keep_from, tick), self.first)
        return MotionPlan(start, np.concatenate([self.between(start, tick), rows]))
