"""Beats fall on a fixed raster of the steady clock, however late the work between them is."""

import threading

import pytest

from pi0_ros.core import pacing
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.pacing import Metronome

MS = 1_000_000


class _Clock:
    """Time that passes only where a test or a wait lets it."""

    def __init__(self) -> None:
        self.now_ns = 5_000 * MS
        self.stopped = False

    def monotonic_ns(self) -> int:
        return self.now_ns

    def wait(self, timeout_s: float) -> bool:
        assert timeout_s >= 0.0
        if not self.stopped:
            self.now_ns += round(timeout_s * 1e9)
        return self.stopped


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    clock = _Clock()
    monkeypatch.setattr(pacing, "time", clock)
    return clock


def _beat(metronome: Metronome, clock: _Clock) -> float:
    """Waits for a beat and tells the time, in ms since the start."""
    assert metronome.wait(clock)
    return (clock.now_ns - 5_000 * MS) / MS


def test_beats_are_a_period_apart(clock):
    metronome = Metronome(50.0)
    assert [_beat(metronome, clock) for _ in range(4)] == [20.0, 40.0, 60.0, 80.0]


def test_work_between_beats_does_not_shift_them(clock):
    metronome = Metronome(50.0)
    beats = []
    for work_ms in (0, 5, 19, 3):
        clock.now_ns += work_ms * MS
        beats.append(_beat(metronome, clock))
    assert beats == [20.0, 40.0, 60.0, 80.0]


def test_a_late_beat_comes_at_once_and_the_next_one_on_time(clock):
    metronome = Metronome(50.0)
    _beat(metronome, clock)
    clock.now_ns += 25 * MS
    assert [_beat(metronome, clock) for _ in range(3)] == [45.0, 60.0, 80.0]


def test_missed_beats_are_skipped(clock):
    metronome = Metronome(50.0)
    _beat(metronome, clock)
    clock.now_ns += 1_007 * MS
    assert [_beat(metronome, clock) for _ in range(3)] == [1027.0, 1040.0, 1060.0]


def test_a_stop_ends_the_waiting(clock):
    metronome = Metronome(50.0)
    clock.stopped = True
    assert not metronome.wait(clock)


def test_a_stop_wakes_a_real_wait():
    stop = threading.Event()
    stop.set()
    assert not Metronome(0.001).wait(stop)


@pytest.mark.parametrize("rate", [0.0, -1.0, 10_001.0, float("nan"), float("inf")])
def test_an_impossible_rate_is_refused(rate):
    with pytest.raises(ConfigurationError, match="rate must be above 0"):
        Metronome(rate)
