"""How fast a chunk may be played so that the next one is there before it ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi0_ros.core.chunk_supply import ChunkSupply
from pi0_ros.core.play_clock import PlayClock

S = 1_000_000_000
LENGTH = 1.6


def _every(*intervals: float) -> ChunkSupply:
    """One chunk, and others so long after each other."""
    supply, now = ChunkSupply(), S
    supply.came(now)
    for interval in intervals:
        now += round(interval * S)
        supply.came(now)
    return supply


def _rate(supply: ChunkSupply, delay: float, left: float = LENGTH, rate: float | None = 1.0):
    return supply.lasting_rate(LENGTH * S, left * S, round(delay * S), rate, spare_ns=0)


def test_chunks_that_come_soon_are_played_at_full_speed():
    assert _rate(_every(0.1), delay=0.1, left=1.5) == 1.0


def test_a_chunk_must_last_for_the_delay_and_for_as_long_as_the_next_takes_and_a_tenth():
    assert _rate(_every(), delay=1.0, rate=None) == pytest.approx(LENGTH / 2.1)
    rate = LENGTH / 2.1
    assert _rate(_every(1.0), delay=1.0, left=LENGTH - rate, rate=rate) == pytest.approx(rate)
    supply = _every(1.0)
    slower = supply.lasting_rate(LENGTH * S, LENGTH * S, S, None, spare_ns=S // 2)
    assert slower == pytest.approx(LENGTH / 2.6)


def test_where_less_is_left_than_there_should_be_it_is_slower():
    assert _rate(_every(1.0), delay=1.0, left=0.55, rate=None) == pytest.approx(0.5)


def test_chunks_in_flight_together_need_no_slower_motion_than_their_interval_asks_for():
    assert _rate(_every(*[0.1] * 8), delay=1.0, left=0.6) == 1.0


def test_the_time_until_a_chunk_after_a_stop_tells_nothing_nor_does_one_that_does_not_count():
    supply = _every(1.2)
    supply.stopped()
    supply.came(100 * S)
    assert _rate(supply, delay=0.1) == 1.0
    supply = _every(0.1)
    supply.came(100 * S, counts=False)
    assert _rate(supply, delay=0.1) == 1.0


def test_what_was_slow_is_forgotten_after_eight_chunks():
    assert _rate(_every(1.9, *[0.1] * 7), delay=0.1) < 1.0
    assert _rate(_every(1.9, *[0.1] * 8), delay=0.1) == 1.0


def test_a_picture_drives_an_arm_for_no_more_than_four_times_its_chunks_length():
    for rate in (1.0, None):
        assert _rate(_every(), delay=1.59, left=0.01, rate=rate) == 0.25


@given(st.floats(0.05, 1.5), st.floats(0.1, 1.0), st.floats(0.0, 1.0))
def test_at_the_rate_it_gives_a_chunk_lasts_until_the_next_wherever_a_ramp_can_make_it(
    interval, rate, left
):
    chosen = _rate(_every(interval), interval, left, rate)
    clock = PlayClock()
    clock.play(0, 1.0, rate)
    clock.play(1, 1.0, chosen)
    # As slowly as a ramp can make it.
    slowest = PlayClock()
    slowest.play(0, 1.0, rate)
    slowest.play(1, 1.0, 0.25)
    end = 1 + round(interval * S)
    assert clock.between(1, end) <= max(left, slowest.between(1, end)) + 1e-6
