"""Simulated time: as fast as told, never ahead, never in leaps."""

import pytest

from pi0_ros.ros.sim_time import PacedTime, SimBeat

MS = 1_000_000


class _Steady:
    def __init__(self) -> None:
        self.ns = 50 * MS

    def __call__(self) -> int:
        return self.ns


@pytest.mark.parametrize("factor", [0.1, 1.0, 3.0])
def test_time_runs_at_its_factor(factor: float) -> None:
    steady = _Steady()
    paced = PacedTime(1000, factor, steady)
    for _ in range(1000):
        steady.ns += 5 * MS + 1
        now_ns = paced.advanced_ns()
    assert now_ns - 1000 == pytest.approx(factor * 1000 * (5 * MS + 1), abs=2)


def test_a_stop_of_the_process_is_no_leap_of_time() -> None:
    steady = _Steady()
    paced = PacedTime(0, 1.0, steady)
    steady.ns += 10_000 * MS
    assert paced.advanced_ns() == 20 * MS
    steady.ns += 5 * MS
    assert paced.advanced_ns() == 25 * MS


def test_others_see_no_time_that_was_not_published() -> None:
    steady = _Steady()
    paced = PacedTime(0, 1.0, steady)
    steady.ns += 7 * MS
    assert paced.now_ns() == 0
    paced.advanced_ns()
    assert paced.now_ns() == 7 * MS


def test_a_beat_is_due_once_a_period_and_skips_what_was_missed() -> None:
    beat = SimBeat(100.0)
    due = [time_ms for time_ms in range(0, 100, 4) if beat.due(time_ms * MS)]
    assert due == [0, 12, 20, 32, 40, 52, 60, 72, 80, 92]
    assert beat.due(175 * MS)
    assert not beat.due(179 * MS)
    assert beat.due(180 * MS)


def test_a_beat_goes_on_when_the_clock_went_back() -> None:
    beat = SimBeat(100.0)
    assert beat.due(1000 * MS)
    assert beat.due(2 * MS)
    assert not beat.due(5 * MS)
    assert beat.due(12 * MS)
