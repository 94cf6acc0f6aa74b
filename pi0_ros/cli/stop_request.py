"""Ctrl-C for work that ends between two steps."""

import signal
import threading


class StopRequest:
    """Ctrl-C and SIGTERM as a wish that is asked for between steps.

    Args:
        insist: whether a second one ends at once; otherwise it changes nothing, for what must end
            whole and ends soon.
    """

    def __init__(self, insist: bool = True) -> None:
        self.wanted = False
        self._insist = insist
        self._previous: dict[int, object] = {}

    def __enter__(self) -> "StopRequest":
        # Only the main thread may set handlers.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _ask(self, number: int, _frame: object) -> None:
        self.wanted = True
        if self._insist:
            signal.signal(number, signal.default_int_handler)
