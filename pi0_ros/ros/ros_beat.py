"""Waiting for the beats of ROS time."""

import threading

from rclpy.clock import Clock, JumpThreshold
from rclpy.duration import Duration

# Simulated time may stand still; a stop is noticed after at most this long.
_LOOK_S = 0.1


class RosBeat:
    """Beats at a fixed rate of ROS time: wall clock, or /clock where use_sim_time is true.

    A late beat does not shift the later ones; missed beats are skipped. After a clock that was set,
    beats go on from where it stands.
    """

    def __init__(self, clock: Clock, rate_hz: float) -> None:
        self._clock = clock
        self._period_ns = round(1e9 / rate_hz)
        self._moved = threading.Event()
        any_step = JumpThreshold(
            min_forward=Duration(nanoseconds=1),
            min_backward=Duration(nanoseconds=-1),
            on_clock_change=True,
        )
        self._jumps = clock.create_jump_callback(
            any_step,
            post_callback=lambda _jump: self._moved.set(),
        )
        self.anchor(self._now_ns())

    def anchor(self, now_ns: int) -> None:
        """The next beat is one period after `now_ns`."""
        self._next_ns = now_ns + self._period_ns

    def wait(self, stop: threading.Event) -> bool:
        """Waits for the next beat; False once `stop` is set."""
        while not stop.is_set():
            now_ns = self._now_ns()
            early_ns = self._next_ns - now_ns
            if early_ns > 2 * self._period_ns:
                self.anchor(now_ns)
                return True
            if early_ns <= 0:
                missed = -early_ns // self._period_ns
                self._next_ns += (missed + 1) * self._period_ns
                return True
            if self._clock.ros_time_is_active:
                self._moved.wait(_LOOK_S)
                self._moved.clear()
            else:
                stop.wait(early_ns / 1e9)
        return False

    def close(self) -> None:
        self._jumps.unregister()

    def _now_ns(self) -> int:
        return int(self._clock.now().nanoseconds)
