"""In a dry run: how far what the policy wanted is from what the arm did under somebody else."""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.chunk import ActionChunk
from pi0_ros.core.errors import InputRefused
from pi0_ros.core.joints import JointOrder
from pi0_ros.core.stamps import FUTURE_TOLERANCE_NS

# More than any policy sends within the longest divergence_after; a flood must not fill the memory.
_MAX_WAITING = 256


@dataclass(frozen=True, slots=True, eq=False)
class Divergence:
    """What the comparison has shown since its counters were restarted.

    Attributes:
        after_s: so long after a chunk's capture it is compared.
        newest: distance of the newest chunk compared, shape (joints,), rad (or m); shape (0,)
            where there is none.
        rms: root mean square of all of them, shaped alike.
        chunks: compared.
        skipped: why others were not compared -> how many.
    """

    after_s: float
    newest: FloatArray
    rms: FloatArray
    chunks: int
    skipped: Mapping[str, int]


class Shadow:
    """Compares each chunk with the first joint state that is `after_s` younger than its picture.

    Whether a chunk was admitted does not matter: one that begins far from the arm diverges most.
    Its rows count at full speed, whatever speed_scale says: they are what the policy wanted.
    """

    def __init__(self, joint_names: Sequence[str], after_s: float, max_gap_s: float) -> None:
        """
        Args:
            max_gap_s: a joint state later than this after the time of comparison is none of then.
        """
        self._order = JointOrder(joint_names)
        self._after_s = after_s
        self._after_ns = round(after_s * 1e9)
        self._max_gap_ns = round(max_gap_s * 1e9)
        self._waiting: deque[ActionChunk] = deque()
        self.forget()
        self.restart()

    def restart(self) -> None:
        """Counts from nothing; chunks that wait for their time are not compared any more."""
        self._waiting.clear()
        self._newest: FloatArray = np.zeros(0)
        self._squares: FloatArray = np.zeros(len(self._order.names))
        self._chunks = 0
        self._skipped: Counter[str] = Counter()

    def forget(self) -> None:
        """Forgets stamps and what waits: they mean nothing once the clock was set."""
        self._waiting.clear()
        self._chunk_ns: int | None = None
        self._measured_ns: int | None = None

    def add_chunk(self, chunk: ActionChunk, now_ns: int) -> None:
        """Takes a chunk when it arrives, admitted or not; one that cannot be compared is counted.

        Args:
            now_ns: ROS time.
        """
        try:
            self._waiting.append(self._comparable(chunk, now_ns))
        except InputRefused as refusal:
            self._skipped[refusal.kind] += 1

    def _comparable(self, chunk: ActionChunk, now_ns: int) -> ActionChunk:
        columns = self._order.columns(chunk.joint_names, "chunk")
        rows = chunk.positions[:, columns]
        due_ns = chunk.stamp_ns + self._after_ns
        if not np.isfinite(rows).all():
            raise InputRefused("not finite", "chunk has values that are not finite")
        if chunk.stamp_ns > now_ns + FUTURE_TOLERANCE_NS:
            raise InputRefused("future", "chunk stamp is in the future")
        if self._chunk_ns is not None and chunk.stamp_ns <= self._chunk_ns:
            raise InputRefused("older", "chunk observed no later than the one before it")
        if due_ns > chunk.end_ns:
            raise InputRefused("shorter than divergence_after", "chunk ends before that")
        if self._measured_ns is not None and due_ns <= self._measured_ns:
            raise InputRefused("came after divergence_after", "the arm has moved on")
        if len(self._waiting) >= _MAX_WAITING:
            raise InputRefused("too many at once", f"{_MAX_WAITING} chunks wait already")
        self._chunk_ns = chunk.stamp_ns
        return replace(chunk, joint_names=self._order.names, positions=rows)

    def add_measured(self, stamp_ns: int, position: FloatArray) -> None:
        """Takes the newest joint state: stamps rise, `position` in arm order, shape (joints,)."""
        self._measured_ns = stamp_ns
        while self._waiting and self._waiting[0].stamp_ns + self._after_ns <= stamp_ns:
            self._compare(self._waiting.popleft(), stamp_ns, position)

    def _compare(self, chunk: ActionChunk, stamp_ns: int, position: FloatArray) -> None:
        late_ns = stamp_ns - chunk.stamp_ns - self._after_ns
        if late_ns > self._max_gap_ns:
            self._skipped["no joint state then"] += 1
            return
        if stamp_ns > chunk.end_ns:
            self._skipped["shorter than divergence_after"] += 1
            return
        self._newest = np.abs(_wanted(chunk, stamp_ns) - position)
        self._squares += self._newest**2
        self._chunks += 1

    def figures(self) -> Divergence:
        """What was found until now."""
        rms = np.sqrt(self._squares / self._chunks) if self._chunks else np.zeros(0)
        return Divergence(self._after_s, self._newest, rms, self._chunks, dict(self._skipped))


def _wanted(chunk: ActionChunk, time_ns: int) -> FloatArray:
    """The chunk's position at a time within it, linear between rows, shape (joints,)."""
    row, past_ns = divmod(time_ns - chunk.stamp_ns, chunk.step_ns)
    rows, share = chunk.positions, past_ns / chunk.step_ns
    # The last row has none after it, and needs none.
    wanted: FloatArray = (
        rows[row] if past_ns == 0 else (1 - share) * rows[row] + share * rows[row + 1]
    )
    return wanted
