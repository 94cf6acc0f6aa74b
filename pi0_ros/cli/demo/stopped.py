"""How a person ends a demo."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from pi0_ros.cli.demo.processes import Processes


class Stopped:
    """SIGINT and SIGTERM: the first ends the demo, the next one kills its processes."""

    def __init__(self) -> None:
        self.by_user = False

    @contextmanager
    def on_signals(self, processes: Processes) -> Iterator[None]:
        def handle(_number: int, _frame: object) -> None:
            if self.by_user:
                processes.kill()
            self.by_user = True

        before = {
            number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
