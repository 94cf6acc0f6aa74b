"""Which part of which chunk is due."""

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.chunk import ActionChunk
from pi0_ros.core.chunk_curve import ChunkCurve, slow_down_factor, smoothed
from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.speed_scale import SpeedScale


class Playback:
    """Plays one chunk from the moment it is spliced in.

    Rows are due at capture time + i * step; what was due before the splice is dropped. From the
    splice on, time in the chunk runs slower by `slow_down`. What the arm was following until the
    splice is left smoothly: its distance to the new chunk fades out within the blend time.
    All of it, the time since the capture included, runs on the clock of a speed scale: an arm that
    is driven at a third has come a third as far by the splice.

    Attributes:
        chunk: the chunk in play, columns in the arm's joint order.
        slow_down: >= 1, what the limits ask for; the speed scale comes on top of it.
        speed: the clock that the chunk is played by.
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
        path_tolerance: float = 0.0,
        speed: SpeedScale | None = None,
    ) -> None:
        """
        Args:
            splice_ns: the first instant that this chunk decides.
            followed: target at `splice_ns` before this chunk, shape (joints,); None to blend
                nothing.
            blend_ns: time in which the difference fades out; 0 for none.
            path_tolerance: how far rows may be moved to take out jitter, rad (or m).
            speed: None for full speed.
        """
        self.chunk = chunk
        self.speed = SpeedScale() if speed is None else speed
        self._splice_ns = splice_ns
        self._blend_ns = blend_ns
        splice = np.array([splice_ns], dtype=np.int64)
        self._scale_before = float(self.speed.at(splice)[0])
        self._played_before_ns = float(self.speed.played_ns(splice)[0])
        step_s = chunk.step_ns / 1e9
        rows = smoothed(limits, step_s, chunk.positions, path_tolerance)
        # The curve at the splice still bends with the row before the last one due.
        past_ns = round((splice_ns - chunk.stamp_ns) * self._scale_before)
        first = max(0, past_ns // chunk.step_ns - 1)
        self.slow_down = slow_down_factor(limits, step_s, rows[first:])
        self._curve = ChunkCurve(rows)
        self.jump: FloatArray | None = None
        if followed is not None:
            self.jump = followed - self._on_chunk(splice)[0]

    def chunk_time_ns(self, times_ns: NDArray[np.int64]) -> FloatArray:
        """Time since the chunk's capture stamp, speed scale and slow-down included, in ns."""
        played = np.maximum(0.0, self.speed.played_ns(times_ns) - self._played_before_ns)
        before = np.minimum(times_ns, self._splice_ns) - self.chunk.stamp_ns
        return before * self._scale_before + played / self.slow_down

    def targets(self, times_ns: NDArray[np.int64]) -> FloatArray:
        """Where the arm should be at each time, shape (times, joints)."""
        on_chunk = self._on_chunk(times_ns)
        if self._blend_ns <= 0 or self.jump is None:
            return on_chunk
        done = np.clip((times_ns - self._splice_ns) / self._blend_ns, 0.0, 1.0)
        fading = 1.0 - done * done * (3.0 - 2.0 * done)
        return on_chunk + fading[:, np.newaxis] * self.jump

    def _on_chunk(self, times_ns: NDArray[np.int64]) -> FloatArray:
        return self._curve.at(self.chunk_time_ns(times_ns) / self.chunk.step_ns)

    def ended(self, time_ns: int) -> bool:
        """Whether the last row was due before `time_ns`."""
        played = self.chunk_time_ns(np.array([time_ns], dtype=np.int64))[0]
        return bool(played > (self.chunk.horizon - 1) * self.chunk.step_ns)
