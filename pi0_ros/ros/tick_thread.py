"""The control ticks, in a thread of their own."""

import threading
import time
from collections.abc import Callable

from pi0_ros.core.control_loop import ControlLoop
from pi0_ros.core.control_state import Command
from pi0_ros.ros.ros_beat import RosBeat

_JOIN_S = 1.0


class TickThread:
    """Asks the loop for a command at every beat and sends it, until `end`.

    Args:
        now_ns: ROS time.
        send: called with every command.
        fail: called with what went wrong; the thread has then ended.
    """

    def __init__(
        self,
        loop: ControlLoop,
        beat: RosBeat,
        now_ns: Callable[[], int],
        send: Callable[[Command], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        self._loop = loop
        self._beat = beat
        self._now_ns = now_ns
        self._send = send
        self._fail = fail
        self._ending = threading.Event()
        self._ending_at_rest = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ticks", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Nothing is sent any more when this returns."""
        self._ending.set()
        self._thread.join(_JOIN_S)

    def end_at_rest(self, patience_s: float) -> bool:
        """As `end`, after the command that leaves the arm at rest; the loop must be braking.

        Args:
            patience_s: on the steady clock; then it ends in motion.

        Returns:
            Whether it ended at rest.
        """
        self._ending_at_rest.set()
        self._thread.join(patience_s)
        rests = not self._thread.is_alive()
        self.end()
        return rests

    def _run(self) -> None:
        try:
            while self._beat.wait(self._ending):
                command = self._loop.tick(self._now_ns(), time.monotonic_ns())
                if not self._ending.is_set():
                    self._send(command)
                if command.at_rest and self._ending_at_rest.is_set():
                    return
        except Exception as error:  # noqa: BLE001  a thread's exceptions end nothing by themselves
            self._fail(error)
