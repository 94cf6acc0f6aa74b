"""A word on standard error where something takes longer than a person likes to wait."""

import sys
import time

_PATIENCE_S = 2.0


class Progress:
    """Says what is being done when it begins, and how far it is every two seconds."""

    def __init__(self) -> None:
        self._said_s = time.monotonic()

    def begin(self, what: str) -> None:
        self._say(what)

    def at(self, what: str) -> None:
        """To be called often."""
        if time.monotonic() - self._said_s > _PATIENCE_S:
            self._say(f"  {what}")

    def _say(self, text: str) -> None:
        self._said_s = time.monotonic()
        print(text, file=sys.stderr, flush=True)
