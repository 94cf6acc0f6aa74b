"""Which chunks may be played: admit or reject with a reason, never repair."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from pi0_ros.core.arm_checks import POSITION_TOLERANCE_RAD
from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.chunk import ActionChunk
from pi0_ros.core.errors import InputRefused
from pi0_ros.core.joints import JointOrder
from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.stamps import FUTURE_TOLERANCE_NS

ABSURD_SPEED_FACTOR = 3.0
_IF_STARTED_ANEW = "if its policy was started anew, deactivate and activate pi0_controller"


@dataclass(frozen=True, slots=True, eq=False)
class ArmNow:
    """What admission compares a chunk with.

    Attributes:
        planned: planned position at the splice, shape (joints,).
        splice_ns: the first instant that a new chunk can decide.
        not_before_ns: chunks captured before this belong to a time before a hold or a reset.
    """

    planned: FloatArray
    splice_ns: int
    not_before_ns: int


class Admission:
    """Checks chunks and remembers which was the newest."""

    def __init__(self, limits: ArmLimits, max_start_distance_rad: float) -> None:
        self._limits = limits
        self._order = JointOrder(limits.joint_names)
        self._max_start_distance_rad = max_start_distance_rad
        self.restart()

    def restart(self) -> None:
        """Forgets which chunk was the newest: a policy may have been started anew meanwhile.

        What `ArmNow.not_before_ns` keeps out needs no sequence.
        """
        self._epoch = -1
        self._sequence = -1
        self._stamp_ns: int | None = None

    def tighten(self, limits: ArmLimits) -> None:
        """Judges by other limits of the same joints; what was the newest chunk stays known."""
        self._limits = limits

    def forget(self) -> None:
        """Forgets stamps, which mean nothing after the clock was set back."""
        self._stamp_ns = None

    def admit(
        self, chunk: ActionChunk, now_ns: int, arm: ArmNow, past: float | None = None
    ) -> ActionChunk:
        """The chunk with its columns in the arm's joint order.

        Args:
            past: rows that are past at the splice; None for all the time since the capture.

        Raises:
            InputRefused: kind "old epoch", "out of order", "future", "older", "before hold",
                "stale", "joint doubled", "joint missing", "joint unknown", "not finite",
                "position", "speed" or "start distance".
        """
        self._check_order(chunk)
        self._check_times(chunk, now_ns, arm)
        ordered = self._in_arm_order(chunk)
        if past is None:
            past = (arm.splice_ns - chunk.stamp_ns) / chunk.step_ns
        self._check_values(ordered, arm, past)
        self._epoch, self._sequence = chunk.epoch, chunk.sequence
        self._stamp_ns = chunk.stamp_ns
        return ordered

    def _check_order(self, chunk: ActionChunk) -> None:
        if chunk.epoch < self._epoch:
            raise InputRefused(
                "old epoch",
                f"chunk of epoch {chunk.epoch}, newest is {self._epoch}; {_IF_STARTED_ANEW}",
            )
        if chunk.epoch == self._epoch and chunk.sequence <= self._sequence:
            raise InputRefused(
                "out of order",
                f"chunk {chunk.sequence} after chunk {self._sequence}; {_IF_STARTED_ANEW}",
            )

    def _check_times(self, chunk: ActionChunk, now_ns: int, arm: ArmNow) -> None:
        if chunk.stamp_ns > now_ns + FUTURE_TOLERANCE_NS:
            ahead = (chunk.stamp_ns - now_ns) / 1e9
            raise InputRefused("future", f"chunk stamp is {ahead:.3f} s in the future")
        if self._stamp_ns is not None and chunk.stamp_ns < self._stamp_ns:
            raise InputRefused("older", "chunk observed earlier than the one before it")
        if chunk.stamp_ns < arm.not_before_ns:
            raise InputRefused("before hold", "chunk observed before the last hold or reset")
        if chunk.end_ns <= arm.splice_ns:
            late = (arm.splice_ns - chunk.end_ns) / 1e9
            raise InputRefused("stale", f"chunk's last row was due {late:.3f} s ago")

    def _in_arm_order(self, chunk: ActionChunk) -> ActionChunk:
        columns = self._order.columns(chunk.joint_names, "chunk")
        unknown = sorted(set(chunk.joint_names) - set(self._order.names))
        if unknown:
            raise InputRefused(
                "joint unknown", f"chunk moves {', '.join(unknown)}; see the parameter joint_names"
            )
        return replace(chunk, joint_names=self._order.names, positions=chunk.positions[:, columns])

    def _check_values(self, chunk: ActionChunk, arm: ArmNow, past: float) -> None:
        rows, limits = chunk.positions, self._limits
        if not np.isfinite(rows).all():
            raise InputRefused("not finite", "chunk has values that are not finite")
        low, high = limits.lower - POSITION_TOLERANCE_RAD, limits.upper + POSITION_TOLERANCE_RAD
        self._require(
            ((rows >= low) & (rows <= high)).all(axis=0), "position", "outside its position limits"
        )
        speed = np.abs(np.diff(rows, axis=0)) / (chunk.step_ns / 1e9)
        self._require(
            (speed <= ABSURD_SPEED_FACTOR * limits.velocity).all(axis=0),
            "speed",
            f"asked to move at over {ABSURD_SPEED_FACTOR:g} times its velocity limit",
        )
        if past >= len(rows) - 1:
            raise InputRefused("stale", "chunk: the arm has come past its last row already")
        due = max(0, int(past))
        self._require(
            np.abs(rows[due] - arm.planned) <= self._max_start_distance_rad,
            "start distance",
            f"over {self._max_start_distance_rad:g} rad from where the arm is; "
            "see the parameter max_start_distance",
        )

    def _require(self, good: ArrayLike, kind: str, what: str) -> None:
        bad = [
            name
            for name, ok in zip(self._order.names, np.asarray(good).tolist(), strict=True)
            if not ok
        ]
        if bad:
            raise InputRefused(kind, f"chunk: {', '.join(bad)} {what}")
