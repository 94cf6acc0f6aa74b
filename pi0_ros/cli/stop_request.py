"""Ctrl-C for work that ends between two steps."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pi0_ros.core.stop_request import StopRequest


@contextmanager
def stop_on_signals(insist: bool = True) -> Iterator[StopRequest]:
    """Ctrl-C and SIGTERM as a wish that is asked for between steps.

    Args:
        insist: whether a second one ends at once; otherwise it changes nothing, for what must end
            whole and ends soon.
    """
    stop = StopRequest()

    def ask(number: int, _frame: object) -> None:
        stop.requested = True
        if insist:
            signal.signal(number, signal.default_int_handler)

    # Only the main thread may set handlers.
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
