"""The mean rate is kept with input of any rate, and nothing waits for the clock."""

from itertools import pairwise

import pytest

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.pacing import Pace

MS = 1_000_000
START = 5_000 * MS


def begun(pace: Pace, arrivals_ms: list[float], until_ms: float = 1e9) -> list[float]:
    """Asks when input comes and when the pace says so; times, in ms, at which something begins."""
    taken: list[float] = []
    for arrival, following in zip(arrivals_ms, [*arrivals_ms[1:], until_ms], strict=True):
        now_ns, next_ns = START + round(arrival * MS), START + round(following * MS)
        is_new = True
        while now_ns < next_ns:
            if pace.wants(is_new, now_ns):
                pace.began(now_ns)
                taken.append((now_ns - START) / MS)
            is_new = False
            later_ns = pace.next_ns(next_ns)
            if later_ns <= now_ns:
                break
            now_ns = later_ns
    return taken


def every(period_ms: float, count: int) -> list[float]:
    return [number * period_ms for number in range(count)]


def test_slower_input_is_all_used_as_it_comes() -> None:
    arrivals = every(100.0, 50)
    assert begun(Pace(24.0), arrivals) == arrivals


def test_input_of_the_same_rate_is_all_used_however_it_jitters() -> None:
    arrivals = [number * 40.0 + (number * 7 % 11) for number in range(500)]
    assert begun(Pace(25.0), arrivals) == arrivals


@pytest.mark.parametrize(("input_hz", "rate_hz"), [(30, 24), (30, 8), (60, 29), (100, 7)])
def test_faster_input_is_used_as_it_comes_at_the_mean_rate(input_hz: int, rate_hz: int) -> None:
    arrivals = [round(number * 1000 / input_hz, 3) for number in range(20 * input_hz)]
    taken = begun(Pace(rate_hz), arrivals, until_ms=20_000.0)
    assert set(taken) <= set(arrivals)
    assert abs(len(taken) - 20 * rate_hz) <= 2
    longest = max(after - before for before, after in pairwise(taken))
    assert longest <= 1000 / rate_hz + 1000 / input_hz + 0.01


def test_nothing_old_is_used_where_the_next_is_only_a_little_late() -> None:
    arrivals = [number * 33.0 + (number * 7 % 11) for number in range(2000)]
    taken = begun(Pace(30.0), arrivals, until_ms=66_000.0)
    assert set(taken) <= set(arrivals)
    assert abs(len(taken) - 66 * 30) <= 10


def test_a_pause_is_not_made_up_for() -> None:
    pace = Pace(10.0)
    begun(pace, [0.0])
    burst = every(1.0, 50)
    taken = begun(pace, [10_000.0 + one for one in burst])
    # The one that is due, one more, and the last, which nothing newer came for.
    assert taken[:2] == [10_000.0, 10_001.0]
    assert len(taken) == 3


def test_what_was_left_out_is_used_where_nothing_newer_comes() -> None:
    pace = Pace(10.0)
    assert begun(pace, [0.0, 1.0, 2.0]) == [0.0, 1.0, 300.0]


def test_what_was_left_out_is_forgotten_at_rest() -> None:
    pace = Pace(10.0)
    for now_ms in (0, 1):
        assert pace.wants(True, START + now_ms * MS)
        pace.began(START + now_ms * MS)
    assert not pace.wants(True, START + 2 * MS)
    pace.rest()
    assert pace.next_ns(START + 900 * MS) == START + 900 * MS
    assert not pace.wants(False, START + 900 * MS)


def test_without_input_nothing_begins() -> None:
    assert not Pace(10.0).wants(False, START)


@pytest.mark.parametrize("rate", [0.0, -1.0, 10_001.0, float("nan"), float("inf")])
def test_an_impossible_rate_is_refused(rate: float) -> None:
    with pytest.raises(ConfigurationError, match="rate must be above 0"):
        Pace(rate)


def test_on_a_clock_that_was_set_back_the_next_input_is_used() -> None:
    pace = Pace(10.0)
    for now_ns in (START, START + MS):
        assert pace.wants(True, now_ns)
        pace.began(now_ns)
    assert not pace.wants(True, START + 2 * MS)
    assert pace.wants(True, START - 1_000 * MS)


def test_on_a_clock_that_stands_still_it_is_asked_again_and_again_but_not_without_a_pause() -> None:
    pace = Pace(10.0)
    assert pace.wait_ns(START, 20 * MS) == 20 * MS
    for now_ns in (START, START + MS):
        assert pace.wants(True, now_ns)
        pace.began(now_ns)
    assert not pace.wants(True, START + 2 * MS)
    reserve_ns = pace.next_ns(START + 900 * MS)
    assert pace.wait_ns(reserve_ns - 5 * MS, 20 * MS) == 5 * MS
    assert pace.wait_ns(reserve_ns, 20 * MS) == MS
