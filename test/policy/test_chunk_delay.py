"""How long chunks take, from the recent ones."""

from pi0_ros.policy.chunk_delay import ChunkDelay

MS = 1_000_000


def test_nothing_is_expected_before_anything_was_measured() -> None:
    assert ChunkDelay().expected_ns is None


def test_it_is_the_largest_of_the_recent_ones() -> None:
    delay = ChunkDelay()
    for measured in (0, 30, 80, 40):
        delay.measured(1, measured * MS)
    assert delay.expected_ns == 80 * MS


def test_a_slow_one_is_forgotten() -> None:
    delay = ChunkDelay()
    delay.measured(1, 0)
    delay.measured(1, 900 * MS)
    chunks = 0
    while delay.expected_ns == 900 * MS:
        delay.measured(1, 50 * MS)
        chunks += 1
    assert delay.expected_ns == 50 * MS
    assert chunks < 50


def test_the_first_of_an_epoch_counts_only_until_there_is_another() -> None:
    delay = ChunkDelay()
    delay.measured(1, 3000 * MS)
    assert delay.expected_ns == 3000 * MS
    delay.measured(1, 50 * MS)
    assert delay.expected_ns == 50 * MS
    delay.measured(2, 3000 * MS)
    assert delay.expected_ns == 50 * MS


def test_what_was_captured_after_now_is_no_delay() -> None:
    delay = ChunkDelay()
    delay.measured(1, -5)
    assert delay.expected_ns is None
