"""Which motion counts as the chunks' own speed."""

import numpy as np
import pytest

from pi0_ros.policy.chunk_pace import ChunkPace

ASKED = np.array([0.03, -0.04])
# Of the chunk, from one picture to the next: ten rows are looked back on.
ROWS = 1.25


def after(*shares: float) -> bool:
    pace = ChunkPace()
    for share in shares:
        pace.moved(ASKED, share * ASKED, ROWS)
    return pace.is_kept


@pytest.mark.parametrize(
    ("share", "kept"),
    [(1.5, True), (1.0, True), (0.85, True), (0.7, False), (0.0, False), (-1.0, False)],
)
def test_a_chunk_played_much_slower_than_it_asks_is_not_at_its_pace(
    share: float, kept: bool
) -> None:
    assert after(*[share] * 3) is kept


def test_one_slow_stretch_among_others_is_forgiven_and_forgotten() -> None:
    assert after(1.0, 1.0, 0.5, 1.0)
    assert not after(0.5)
    assert after(0.0, *[1.0] * 8)


def test_pictures_far_apart_speak_for_themselves() -> None:
    pace = ChunkPace()
    for share in (1.0, 0.5, 1.0):
        pace.moved(ASKED, share * ASKED, 20.0)
        assert pace.is_kept is (share == 1.0)


def test_too_little_motion_says_nothing() -> None:
    pace = ChunkPace()
    assert pace.is_kept
    pace.moved(0.01 * ASKED, -ASKED, ROWS)
    assert pace.is_kept


def test_nothing_is_left_after_forgetting() -> None:
    pace = ChunkPace()
    pace.moved(ASKED, np.zeros(2), ROWS)
    pace.forget()
    assert pace.is_kept
