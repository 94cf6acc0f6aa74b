"""Which part of which chunk is due."""

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.chunk import ActionChunk
from pi0_ros.core.chunk_curve import ChunkCurve, slow_down_factor, smoothed
from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.play_clock import PlayClock


class Playback:
    """Plays one chunk from the moment it is spliced in.

    Row i is due when the clock has counted i rows since the capture; what was due before the splice
    is dropped. What the arm was following until the splice is left smoothly: its distance to the
    new chunk fades out within the blend time.

    Attributes:
        chunk: the chunk in play, columns in the arm's joint order.
        slow_down: >= 1, what the limits ask of the clock from the splice on.
        jump: at the splice, from this chunk to what was followed, shape (joints,); fades out by
            blending. None where nothing was followed.
    """

    def __init__(
        self,
        limits: ArmLimits,
        chunk: ActionChunk,
        splice_ns: int,
        followed: FloatArray | None,
        blend_ns: int,
        path_tolerance: float,
        clock: PlayClock,
    ) -> None:
        """
        Args:
            splice_ns: the first instant that this chunk decides.
            followed: target at `splice_ns` before this chunk, shape (joints,); None to blend
                nothing.
            blend_ns: time in which the difference fades out; 0 for none.
            path_tolerance: how far rows may be moved to take out jitter, rad (or m).
            clock: counts rows; its owner makes it count this chunk's, `slow_down` included.
        """
        self.chunk = chunk
        self._clock = clock
        self._splice_ns = splice_ns
        self._blend_ns = blend_ns
        step_s = chunk.step_ns / 1e9
        rows = smoothed(limits, step_s, chunk.positions, path_tolerance)
        splice = np.array([splice_ns], dtype=np.int64)
        self._rows_before = float(clock.rows_at(splice)[0])
        self._past = clock.between(chunk.stamp_ns, splice_ns)
        # The curve at the splice still bends with the row before the last one due.
        first = max(0, int(self._past) - 1)
        self.slow_down = slow_down_factor(limits, step_s, rows[first:])
        self._curve = ChunkCurve(rows)
        self.jump: FloatArray | None = None
        if followed is not None:
            self.jump = followed - self._on_chunk(splice)[0]

    def row_at(self, times_ns: NDArray[np.int64]) -> FloatArray:
        """Which row is due at each time, fractions included, shape (times,)."""
        return self._clock.rows_at(times_ns) - self._rows_before + self._past

    def targets(self, times_ns: NDArray[np.int64]) -> FloatArray:
        """Where the arm should be at each time, shape (times, joints)."""
        on_chunk = self._on_chunk(times_ns)
        if self._blend_ns <= 0 or self.jump is None:
            return on_chunk
        done = np.clip((times_ns - self._splice_ns) / self._blend_ns, 0.0, 1.0)
        fading = 1.0 - done * done * (3.0 - 2.0 * done)
        return on_chunk + fading[:, np.newaxis] * self.jump

    def _on_chunk(self, times_ns: NDArray[np.int64]) -> FloatArray:
        return self._curve.at(self.row_at(times_ns))

    def ended(self, time_ns: int) -> bool:
        """Whether the last row was due before `time_ns`."""
        return bool(self.row_at(np.array([time_ns], dtype=np.int64))[0] > self.chunk.horizon - 1)
