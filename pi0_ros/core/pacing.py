"""Waiting for absolute deadlines."""

import threading
import time

from pi0_ros.core.errors import ConfigurationError


class Metronome:
    """Beats at a fixed rate on the steady clock; a late beat does not shift the later ones."""

    def __init__(self, rate_hz: float) -> None:
        if not 0.0 < rate_hz <= 10_000.0:
            raise ConfigurationError(f"rate must be above 0 and at most 10000 Hz, got {rate_hz}")
        self._period_ns = round(1e9 / rate_hz)
        self._deadline_ns: int | None = None

    def wait(self, stop: threading.Event) -> bool:
        """Waits for the next beat; False at once when `stop` is set.

        Beats that were missed by more than a period are skipped.
        """
        now_ns = time.monotonic_ns()
        if self._deadline_ns is None:
            self._deadline_ns = now_ns
        self._deadline_ns += self._period_ns
        if now_ns > self._deadline_ns:
            missed = (now_ns - self._deadline_ns) // self._period_ns
            self._deadline_ns += missed * self._period_ns
        return not stop.wait(max(0, self._deadline_ns - now_ns) / 1e9)
