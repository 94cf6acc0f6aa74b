"""Steps of chunks, and rows counted as the controller counts them, in simulated time."""

import pytest

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.policy.chunk_timer import ChunkTimer, TimingConfig

STEP_NS = 100_000_000
S = 1_000_000_000
HORIZON = 21
CONFIG = TimingConfig(STEP_NS, margin_ns=0)


def one_at_a_time(timer: ChunkTimer, *delays: float, start: float = 0.0) -> list[float]:
    """Steps of chunks, each captured when the one before was published; as multiples of STEP_NS."""
    steps, now_ns = [], round(start * S)
    for delay in delays:
        stamp_ns, now_ns = now_ns, now_ns + round(delay * S)
        timer.observed(stamp_ns)
        steps.append(timer.published(1, stamp_ns, now_ns) / STEP_NS)
    return steps


def test_chunks_that_come_soon_keep_their_step() -> None:
    timer = ChunkTimer(CONFIG, HORIZON)
    assert one_at_a_time(timer, *[0.1] * 4) == [1.0] * 4
    assert timer.stretch == 1.0


@pytest.mark.parametrize("delay", [1.1, 1.5, 1.9])
def test_a_chunk_that_takes_most_of_its_length_lasts_until_the_next(delay: float) -> None:
    timer = ChunkTimer(CONFIG, HORIZON)
    steps = one_at_a_time(timer, *[delay] * 6)
    # Two seconds of rows, of which those of one delay are past when the chunk takes over.
    for step in steps:
        assert (HORIZON - 1) * 0.1 * step >= 2.0 * delay
        assert (HORIZON - 1) * 0.1 * step <= 2.4 * delay
    assert timer.stretch == pytest.approx(steps[-1])


def test_a_chunk_older_than_it_is_long_is_left_to_be_refused() -> None:
    assert one_at_a_time(ChunkTimer(CONFIG, HORIZON), 2.0, 2.1) == [1.0, 1.0]
    assert one_at_a_time(ChunkTimer(CONFIG, HORIZON), 1.99)[0] > 2.0
    margin = TimingConfig(STEP_NS, margin_ns=S // 20)
    assert one_at_a_time(ChunkTimer(margin, HORIZON), 1.96) == [1.0]


def test_one_that_is_refused_teaches_nothing_and_leaves_the_arm_standing() -> None:
    timer = ChunkTimer(CONFIG, HORIZON)
    steps = one_at_a_time(timer, *[1.2] * 4, 5.0, *[1.2] * 3)
    assert steps[4] == 1.0
    assert steps[5:] == pytest.approx([steps[0]] * 3, rel=0.05)
    timer = ChunkTimer(CONFIG, HORIZON)
    one_at_a_time(timer, 0.1, 0.1, 0.1, 10.0)
    assert timer.observed(11 * S).until_takeover is None
    assert one_at_a_time(timer, 0.1, 0.1, start=11.0) == [1.0, 1.0]


def test_stretching_can_be_turned_off() -> None:
    timer = ChunkTimer(TimingConfig(STEP_NS, stretch=False), HORIZON)
    assert one_at_a_time(timer, *[1.9] * 3) == [1.0] * 3


def test_a_slow_first_chunk_of_an_epoch_is_slow_for_itself_alone() -> None:
    timer = ChunkTimer(CONFIG, HORIZON)
    one_at_a_time(timer, 0.1, 0.1, 0.1)
    stamp_ns = 10 * S
    for delay_ns in (19 * S // 10, S // 10):
        timer.published(2, stamp_ns, stamp_ns + delay_ns)
        stamp_ns += delay_ns
    assert timer.stretch == 1.0


def test_nothing_plays_until_a_chunk_is_there_and_rows_count_from_then() -> None:
    timer = ChunkTimer(TimingConfig(STEP_NS, margin_ns=S // 10), HORIZON)
    first = timer.observed(S)
    assert first.until_takeover is None
    timer.published(1, S, S + S // 10)
    # It takes over at 1.2 s.
    second = timer.observed(S + S // 10)
    assert second.captured == first.captured
    assert second.until_takeover == pytest.approx(1.0)
    third = timer.observed(2 * S)
    assert third.captured - first.captured == pytest.approx(8.0)
    assert third.until_takeover == pytest.approx(2.0)


def test_what_lies_between_publishing_and_takeover_is_part_of_the_delay() -> None:
    timer = ChunkTimer(TimingConfig(STEP_NS, margin_ns=S // 2), HORIZON)
    assert one_at_a_time(timer, 0.7)[0] * (HORIZON - 1) * 0.1 >= 1.2 + 1.2


def test_after_very_many_chunks_rows_count_from_the_same_zero() -> None:
    timer = ChunkTimer(CONFIG, HORIZON)
    # Two speeds in turn, each of which the clock has to remember.
    counted, now_ns = [], 0
    for delay in [0.1, 1.5, *[0.1] * 9] * 120:
        stamp_ns, now_ns = now_ns, now_ns + round(delay * S)
        counted.append(timer.observed(stamp_ns).captured)
        timer.published(1, stamp_ns, now_ns)
    assert counted == sorted(counted)
    assert 0.5 * now_ns / STEP_NS < counted[-1] < now_ns / STEP_NS


def test_stretched_rows_count_less() -> None:
    timer = ChunkTimer(CONFIG, HORIZON)
    steps = one_at_a_time(timer, *[1.5] * 4)
    earlier, later = timer.observed(7 * S), timer.observed(8 * S)
    counted = later.captured - earlier.captured
    assert counted == pytest.approx(10.0 / steps[-1])


def test_what_is_interrupted_stands_and_begins_anew() -> None:
    timer = ChunkTimer(CONFIG, HORIZON)
    one_at_a_time(timer, 0.1, 0.1)
    timer.interrupted(S)
    assert timer.observed(2 * S).until_takeover is None
    assert timer.observed(2 * S).captured == timer.observed(9 * S).captured
    # The time until the next one says nothing of those after it.
    assert one_at_a_time(timer, 0.1, 0.1, start=9.0) == [1.0, 1.0]
    assert timer.observed(9 * S + S // 2).until_takeover is not None


def test_after_forgetting_only_delays_are_known() -> None:
    timer = ChunkTimer(CONFIG, HORIZON)
    one_at_a_time(timer, 1.5, 1.5)
    timer.forget()
    assert timer.stretch == 1.0
    assert timer.observed(5 * S).until_takeover is None


def test_after_the_clock_was_set_back_rows_count_again() -> None:
    timer = ChunkTimer(CONFIG, HORIZON)
    one_at_a_time(timer, *[0.1] * 4, start=9000.0)
    assert one_at_a_time(timer, *[0.1] * 3, start=5.0) == [1.0] * 3
    later, more = timer.observed(6 * S), timer.observed(7 * S)
    assert more.captured - later.captured == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("changes", "name"),
    [({"step_ns": 0}, "action_rate"), ({"margin_ns": -1}, "takeover_margin")],
)
def test_impossible_values_are_refused_by_parameter(changes: dict[str, int], name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        TimingConfig(**{"step_ns": STEP_NS, **changes})
