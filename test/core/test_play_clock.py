"""Rows are counted at a rate that stands or changes smoothly; the count never jumps."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi0_ros.core.play_clock import PlayClock

NOW_NS = 1_700_000_000_000_000_000
RATES = st.floats(0.01, 1.0)
ACTS = st.lists(
    st.tuples(st.floats(0.0, 1.5), st.one_of(st.none(), st.tuples(RATES, st.floats(1.0, 4.0)))),
    min_size=1,
    max_size=6,
)


def _ns(second: float) -> int:
    return NOW_NS + round(second * 1e9)


def _counted(clock: PlayClock, *seconds: float) -> list[float]:
    """Rows between each two of these."""
    pairs = pairwise(seconds)
    return [clock.between(_ns(start), _ns(end)) for start, end in pairs]


def test_it_stands_until_something_is_played():
    clock = PlayClock()
    assert _counted(clock, -9.0, 0.0, 9.0) == [0.0, 0.0]
    clock.play(_ns(0.0), 1.0, 0.25, 1.0)
    assert _counted(clock, -9.0, 0.0, 8.0) == [0.0, 2.0]


def test_a_slow_down_divides_the_rate_at_once():
    clock = PlayClock()
    clock.play(_ns(0.0), 1.0, 0.5, 2.0)
    clock.play(_ns(1.0), 1.0, 0.5, 1.0)
    assert _counted(clock, 0.0, 1.0, 2.0) == [0.25, 0.5]


def test_another_rate_is_approached_along_a_straight_line():
    clock = PlayClock()
    clock.play(_ns(0.0), 1.0, 1.0, 1.0)
    clock.play(_ns(1.0), 1.0, 0.5, 1.0)
    assert _counted(clock, 0.0, 1.0, 1.5, 3.5) == pytest.approx([1.0, 0.375, 1.0])
    # Again, in the middle of it.
    clock.play(_ns(1.25), 1.0, 1.0, 1.0)
    assert _counted(clock, 1.25, 1.5) == pytest.approx([0.25 * 0.875])


def test_a_change_takes_a_second_from_nothing_to_the_faster_of_both_speeds():
    clock = PlayClock()
    clock.play(_ns(0.0), 30.0)
    clock.play(_ns(1.0), 15.0)
    assert _counted(clock, 1.0, 1.5, 2.5) == pytest.approx([0.5 * 22.5, 15.0])
    clock.play(_ns(3.0), 30.0, 0.9)
    assert _counted(clock, 3.0, 3.4, 4.4) == pytest.approx([0.4 * 21.0, 27.0])


def test_what_stood_begins_at_its_rate():
    clock = PlayClock()
    clock.play(_ns(0.0), 1.0, 1.0, 1.0)
    clock.stand(_ns(1.0))
    clock.stand(_ns(1.5))
    clock.play(_ns(2.0), 1.0, 0.3, 1.0)
    assert _counted(clock, 0.5, 1.0, 2.0, 3.0) == pytest.approx([0.5, 0.0, 0.3])


def test_what_brakes_comes_half_as_far_as_it_would_at_its_speed():
    clock = PlayClock()
    clock.play(_ns(0.0), 1.0, 0.8, 2.0)
    clock.stand(_ns(1.0), braking_s=0.5)
    assert _counted(clock, 1.0, 1.5, 9.0) == pytest.approx([0.5 * 0.5 * 0.4, 0.0])
    # One that stands already has nothing to brake.
    clock.stand(_ns(9.0), braking_s=0.5)
    assert _counted(clock, 9.0, 10.0) == [0.0]
    clock.play(_ns(10.0), 1.0, 0.3)
    assert _counted(clock, 10.0, 11.0) == pytest.approx([0.3])


def test_a_time_that_is_decided_already_is_not_decided_anew():
    clock = PlayClock()
    clock.play(_ns(0.0), 1.0, 1.0, 1.0)
    clock.play(_ns(1.0), 1.0, 1.0, 2.0)
    clock.stand(_ns(0.5))
    assert _counted(clock, 0.0, 1.0, 9.0) == [1.0, 0.0]


def test_after_the_clock_was_set_nothing_is_known():
    clock = PlayClock()
    clock.play(_ns(0.0), 1.0, 1.0, 1.0)
    clock.forget()
    assert (clock.stands, *_counted(clock, 0.0, 1.0)) == (True, 0.0)


def test_it_remembers_longer_than_a_chunk_can_be_old():
    clock = PlayClock()
    for tick in range(2000):
        clock.play(_ns(0.02 * tick), 1.0, 1.0, 1.0 + tick % 2)
    assert _counted(clock, 40.0 - 8.0, 40.0) == pytest.approx([6.0])


@given(ACTS)
def test_it_never_jumps_nor_runs_back_nor_faster_than_time(acts):
    clock, when = PlayClock(), 0.0
    for wait, act in acts:
        when += wait
        if act is None:
            clock.stand(_ns(when))
        else:
            clock.play(_ns(when), 1.0, *act)
    fine = _ns(0.0) + np.linspace(-0.5e9, (when + 2.0) * 1e9, 800).astype(np.int64)
    rate = np.diff(clock.rows_at(fine)) / np.diff(fine) * 1e9
    assert (rate >= -1e-6).all()
    assert (rate <= 1.0 + 1e-6).all()
    # One time after the other, or all together.
    alone = [clock.rows_at(fine[index : index + 1])[0] for index in range(0, 800, 37)]
    assert alone == clock.rows_at(fine)[::37].tolist()
