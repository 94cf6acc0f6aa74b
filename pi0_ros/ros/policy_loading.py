"""Loads a policy without deafening the process to signals."""

import threading
import time
from collections.abc import Callable

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.stop_request import StopRequest
from pi0_ros.policy.interface import Policy

_LOOK_S = 0.05
_PROGRESS_S = 2.0


def load_in_thread(
    load: Callable[[], Policy], stop: StopRequest, progress: Callable[[float], None]
) -> Policy:
    """What `load` returns; it runs in a thread, since it may be in foreign code for minutes.

    Args:
        progress: called every two seconds with the seconds so far.

    Raises:
        ConfigurationError: the process was told to end meanwhile; the thread is left to itself.
        Exception: whatever `load` raises.
    """
    loaded: list[Policy] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            loaded.append(load())
        except BaseException as error:  # noqa: BLE001  raised again by the waiting thread
            failures.append(error)

    thread = threading.Thread(target=work, name="load policy", daemon=True)
    began_s = reported_s = time.monotonic()
    thread.start()
    while thread.is_alive():
        thread.join(_LOOK_S)
        if stop.requested:
            raise ConfigurationError("told to end while the policy was loading")
        if time.monotonic() - reported_s >= _PROGRESS_S:
            reported_s = time.monotonic()
            progress(reported_s - began_s)
    if failures:
        raise failures[0]
    return loaded[0]
