"""Says which messages are refused without filling the log."""

import threading
import time
from collections.abc import Callable

from pi0_ros.core.errors import InputRefused
from pi0_ros.core.printable import printable

_REPEAT_S = 5.0


class RefusalLog:
    """Logs the first refusal of each kind on each topic, then one line every five seconds.

    May be used from any thread.

    Args:
        write: takes one line, such as a logger's `warning`.
    """

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._written_s: dict[tuple[str, str], float] = {}
        self._silent: dict[tuple[str, str], int] = {}

    def refused(self, topic: str, refusal: InputRefused) -> None:
        key = topic, refusal.kind
        now_s = time.monotonic()
        with self._lock:
            if now_s - self._written_s.get(key, -_REPEAT_S) < _REPEAT_S:
                self._silent[key] = self._silent.get(key, 0) + 1
                return
            self._written_s[key] = now_s
            silent = self._silent.pop(key, 0)
        more = f" (and {silent} more like it)" if silent else ""
        # The sentence may quote the message, which anybody on the network may have sent.
        self._write(f"refused on {topic}: {printable(str(refusal))}{more}")
