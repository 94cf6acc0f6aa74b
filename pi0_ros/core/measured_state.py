"""Where the arm really is."""

from collections import deque
from collections.abc import Sequence

import numpy as np

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.joints import JointOrder
from pi0_ros.core.stamps import StampedStream

# Speed is judged over this time: differences of neighbouring samples show encoder noise.
_SPEED_WINDOW_NS = 100_000_000


class MeasuredState:
    """The newest joint states, mapped by name and checked."""

    def __init__(self, joint_names: Sequence[str], slowest_clock: float = 1.0) -> None:
        self._order = JointOrder(joint_names)
        self._stream = StampedStream("joint_states", slowest_clock)
        self._history: deque[tuple[int, FloatArray]] = deque()

    def add(
        self,
        stamp_ns: int,
        names: Sequence[str],
        positions: Sequence[float],
        now_ns: int,
        steady_ns: int,
    ) -> FloatArray:
        """Takes a joint state.

        Returns:
            Its positions in arm order, shape (joints,).

        Raises:
            InputRefused: any kind of JointOrder.select or StampedStream.accept.
        """
        values = self._order.select(names, positions, "joint_states")
        self._stream.accept(stamp_ns, now_ns, steady_ns)
        self._history.append((stamp_ns, values))
        while self._older_than_window():
            self._history.popleft()
        return values

    def forget(self) -> None:
        self._stream.forget()
        self._history.clear()

    def age_s(self, now_ns: int, steady_ns: int) -> float | None:
        return self._stream.age_s(now_ns, steady_ns)

    @property
    def newest(self) -> tuple[int, FloatArray] | None:
        """Stamp in ns and positions, shape (joints,)."""
        return self._history[-1] if self._history else None

    def speed(self) -> FloatArray | None:
        """Mean |velocity| over the last tenth of a second, shape (joints,); None before that."""
        if len(self._history) < 2:
            return None
        (start_ns, start), (end_ns, end) = self._history[0], self._history[-1]
        if end_ns - start_ns < _SPEED_WINDOW_NS // 2:
            return None
        speed: FloatArray = np.abs(end - start) / ((end_ns - start_ns) / 1e9)
        return speed

    def _older_than_window(self) -> bool:
        return (
            len(self._history) > 2
            and self._history[-1][0] - self._history[1][0] >= _SPEED_WINDOW_NS
        )
