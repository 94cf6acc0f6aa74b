"""Which row of which chunk is due."""

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.chunk import ActionChunk
from pi0_ros.core.limits import ArmLimits


def slow_down_factor(limits: ArmLimits, step_s: float, rows: FloatArray) -> float:
    """How much slower `rows` must be played for every joint to keep its speed and acceleration.

    One factor for all joints keeps the path in joint space:
    s = max(1, max|dq| / (v dt), sqrt(max|d2q| / (a dt^2))).

    Args:
        step_s: time between rows.
        rows: positions, shape (rows, joints).
    """
    if len(rows) < 2:
        return 1.0
    first = np.abs(np.diff(rows, axis=0)) / (limits.velocity * step_s)
    factor = max(1.0, float(first.max()))
    if len(rows) > 2:
        second = np.abs(np.diff(rows, n=2, axis=0)) / (limits.acceleration * step_s**2)
        factor = max(factor, float(np.sqrt(second.max())))
    return factor


class Playback:
    """Plays one chunk from the moment it is spliced in.

    Rows are due at capture time + i * step; what was due before the splice is dropped. From the
    splice on, time in the chunk runs slower by `slow_down`. What the arm was following until the
    splice is left smoothly: its distance to the new chunk fades out within the blend time.

    Attributes:
        chunk: the chunk in play, columns in the arm's joint order.
        slow_down: >= 1.
    """

    def __init__(
        self,
        limits: ArmLimits,
        chunk: ActionChunk,
        splice_ns: int,
        followed: FloatArray | None,
        blend_ns: int,
    ) -> None:
        """
        Args:
            splice_ns: the first instant that this chunk decides.
            followed: target at `splice_ns` before this chunk, shape (joints,); None to blend
                nothing.
            blend_ns: time in which the difference fades out; 0 for none.
        """
        self.chunk = chunk
        self._splice_ns = splice_ns
        self._blend_ns = blend_ns
        due = max(0, (splice_ns - chunk.stamp_ns) // chunk.step_ns)
        step_s = chunk.step_ns / 1e9
        self.slow_down = slow_down_factor(limits, step_s, chunk.positions[due:])
        self._offset = np.zeros(chunk.positions.shape[1])
        if followed is not None and blend_ns > 0:
            self._offset = followed - self.targets(np.array([splice_ns], dtype=np.int64))[0]

    def chunk_time_ns(self, times_ns: NDArray[np.int64]) -> FloatArray:
        """Time since the chunk's capture stamp, slow-down included, in ns."""
        played = np.maximum(0, times_ns - self._splice_ns)
        before = np.minimum(times_ns, self._splice_ns) - self.chunk.stamp_ns
        return before + played / self.slow_down

    def targets(self, times_ns: NDArray[np.int64]) -> FloatArray:
        """Where the arm should be at each time, shape (times, joints)."""
        rows = self.chunk.positions
        row = np.clip(self.chunk_time_ns(times_ns) / self.chunk.step_ns, 0.0, len(rows) - 1.0)
        below = np.minimum(row.astype(np.intp), len(rows) - 1)
        above = np.minimum(below + 1, len(rows) - 1)
        share = (row - below)[:, np.newaxis]
        on_chunk: FloatArray = rows[below] * (1.0 - share) + rows[above] * share
        if self._blend_ns <= 0:
            return on_chunk
        done = np.clip((times_ns - self._splice_ns) / self._blend_ns, 0.0, 1.0)
        fading = 1.0 - done * done * (3.0 - 2.0 * done)
        return on_chunk + fading[:, np.newaxis] * self._offset

    def ended(self, time_ns: int) -> bool:
        """Whether the last row was due before `time_ns`."""
        played = self.chunk_time_ns(np.array([time_ns], dtype=np.int64))[0]
        return bool(played > (self.chunk.horizon - 1) * self.chunk.step_ns)
