"""A clock that cases can set."""

import threading
import time
from typing import Any

from rosgraph_msgs.msg import Clock

from pi0_ros.ros.conversions import time_message

_PERIOD_S = 0.005


class SimulatedClock:
    """Publishes /clock in a thread of its own, which costs a simulation nothing but time."""

    def __init__(self, node: Any) -> None:
        self._publisher = node.create_publisher(Clock, "/clock", 1)
        self._lock = threading.Lock()
        self._ahead_ns = 1_000_000_000_000 - time.monotonic_ns()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)
        self._thread.start()

    @property
    def now_ns(self) -> int:
        with self._lock:
            return time.monotonic_ns() + self._ahead_ns

    def jump(self, seconds: float) -> int:
        """Returns the time after the jump, ns."""
        with self._lock:
            self._ahead_ns += round(seconds * 1e9)
        return self.now_ns

    def end(self) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.wait(_PERIOD_S):
            self._publisher.publish(Clock(clock=time_message(self.now_ns)))
