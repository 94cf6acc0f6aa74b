"""Ctrl-C and SIGTERM as a wish to end, however often they come."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Stop:
    """Attributes: wanted: set by the first signal."""

    wanted: bool = False


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """A second signal changes nothing: ending takes a moment, and the video must become whole."""
    stop = Stop()

    def ask(_number: int, _frame: object) -> None:
        stop.wanted = True

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
