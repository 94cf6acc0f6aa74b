"""Ticks end at once, or at rest where that comes in time."""

import threading
from types import SimpleNamespace
from typing import Any

from pi0_ros.ros.tick_thread import TickThread

PATIENCE_S = 30.0


class Beat:
    def wait(self, stop: threading.Event) -> bool:
        return not stop.wait(0.001)


class Loop:
    """At rest from some tick on; never where that is None."""

    def __init__(self, rests_from: int | None) -> None:
        self._rests_from = rests_from
        self.ticks = 0

    def tick(self, _now_ns: int, _steady_ns: int) -> Any:
        self.ticks += 1
        rests = self._rests_from is not None and self.ticks >= self._rests_from
        return SimpleNamespace(at_rest=rests)


def started(loop: Any) -> tuple[TickThread, list[Any], list[BaseException]]:
    sent: list[Any] = []
    failures: list[BaseException] = []
    beat: Any = Beat()
    return TickThread(loop, beat, lambda: 0, sent.append, failures.append), sent, failures


def test_it_goes_on_to_the_command_that_leaves_the_arm_at_rest() -> None:
    loop = Loop(rests_from=50)
    thread, sent, failures = started(loop)

    assert thread.end_at_rest(PATIENCE_S)
    told = len(sent)
    assert loop.ticks == told >= 50
    assert sent[-1].at_rest
    assert failures == []


def test_an_arm_that_does_not_come_to_rest_in_time_is_told_nothing_more() -> None:
    loop = Loop(rests_from=None)
    thread, sent, _ = started(loop)

    assert not thread.end_at_rest(0.05)
    told = len(sent)
    thread.end()
    assert len(sent) == told


def test_ticks_that_have_failed_are_not_waited_for() -> None:
    thread, _, failures = started(None)

    assert thread.end_at_rest(PATIENCE_S)
    assert len(failures) == 1
