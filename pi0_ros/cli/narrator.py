"""What a command that takes minutes says meanwhile."""

import threading
import time
from typing import TextIO

_SAY_EVERY_S = 1.5


class Narrator:
    """Says what is going on every so often, whatever the work is busy with."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._on_one_line = out.isatty()
        self._text = "starting"
        self._started = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._talk, name="narrator", daemon=True)

    def __enter__(self) -> "Narrator":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def now(self, text: str) -> None:
        self._text = text

    def finish(self, text: str) -> None:
        """Says the last word."""
        self._stop.set()
        self._thread.join()
        self._out.write(f"{text}\n")
        self._out.flush()

    def _talk(self) -> None:
        while not self._stop.wait(_SAY_EVERY_S):
            line = f"[{time.monotonic() - self._started:4.0f} s] {self._text}"
            self._out.write(f"\r\033[K{line}" if self._on_one_line else f"{line}\n")
            self._out.flush()
        if self._on_one_line:
            self._out.write("\r\033[K")
