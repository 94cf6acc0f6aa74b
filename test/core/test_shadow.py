"""A chunk is compared with the first joint state that is old enough, exactly, by name."""

import numpy as np
import pytest

from pi0_ros.core.chunk import ActionChunk
from pi0_ros.core.shadow import Shadow

MS = 1_000_000
STEP_NS = 100 * MS
START_NS = 1_000_000_000_000
NAMES = ("shoulder", "elbow")
# Shoulder rises by 0.1 rad a row, elbow falls by 0.2.
ROWS = np.stack([0.1 * np.arange(11), -0.2 * np.arange(11)], axis=1)


def new_shadow(after_s: float = 0.5) -> Shadow:
    return Shadow(NAMES, after_s, max_gap_s=0.1)


def chunk(at_ms: int = 0, rows: np.ndarray = ROWS, names: tuple[str, ...] = NAMES) -> ActionChunk:
    return ActionChunk(START_NS + at_ms * MS, STEP_NS, names, rows, sequence=1, epoch=1)


def add(shadow: Shadow, made: ActionChunk, late_ms: int = 20) -> None:
    shadow.add_chunk(made, made.stamp_ns + late_ms * MS)


def measure(shadow: Shadow, at_ms: float, *position: float) -> None:
    shadow.add_measured(START_NS + round(at_ms * MS), np.array(position))


def test_nothing_is_known_before_the_time_is_up() -> None:
    shadow = new_shadow()
    add(shadow, chunk())
    measure(shadow, 499.999, 7.0, 7.0)
    figures = shadow.figures()
    assert figures.chunks == 0
    assert figures.newest.shape == figures.rms.shape == (0,)
    assert figures.after_s == 0.5
    assert figures.skipped == {}


def test_on_a_row_the_distance_is_to_that_row() -> None:
    shadow = new_shadow()
    add(shadow, chunk())
    measure(shadow, 500, 0.6, -1.3)
    assert shadow.figures().newest == pytest.approx([0.1, 0.3])
    assert shadow.figures().chunks == 1


def test_between_rows_the_chunk_is_read_at_the_joint_states_stamp() -> None:
    shadow = new_shadow()
    add(shadow, chunk())
    # A quarter of the way from row 5 to row 6: 0.525 and -1.05.
    measure(shadow, 525, 0.5, -1.0)
    assert shadow.figures().newest == pytest.approx([0.025, 0.05])


def test_a_chunk_is_compared_once() -> None:
    shadow = new_shadow()
    add(shadow, chunk())
    measure(shadow, 500, 0.6, -1.3)
    measure(shadow, 510, 9.0, 9.0)
    assert shadow.figures().newest == pytest.approx([0.1, 0.3])
    assert shadow.figures().chunks == 1


def test_columns_go_by_name_and_other_joints_do_not_count() -> None:
    shadow = new_shadow()
    mixed = np.stack([ROWS[:, 1], np.full(11, 99.0), ROWS[:, 0]], axis=1)
    add(shadow, chunk(rows=mixed, names=("elbow", "gripper", "shoulder")))
    measure(shadow, 500, 0.6, -1.3)
    assert shadow.figures().newest == pytest.approx([0.1, 0.3])


def test_the_root_mean_square_is_over_all_chunks_and_the_newest_is_the_newest() -> None:
    shadow = new_shadow()
    add(shadow, chunk(0))
    add(shadow, chunk(50))
    # 0.3 and 0.4 off the first, 0.4 and 0.0 off the second.
    measure(shadow, 500, 0.8, -1.4)
    measure(shadow, 550, 0.9, -1.0)
    figures = shadow.figures()
    assert figures.newest == pytest.approx([0.4, 0.0])
    assert figures.rms == pytest.approx([np.sqrt((0.09 + 0.16) / 2), np.sqrt(0.16 / 2)])
    assert figures.chunks == 2


def test_one_joint_state_serves_all_chunks_whose_time_came() -> None:
    shadow = new_shadow()
    add(shadow, chunk(0))
    add(shadow, chunk(50))
    measure(shadow, 560, 0.0, 0.0)
    assert shadow.figures().chunks == 2
    assert shadow.figures().newest == pytest.approx([0.51, 1.02])


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (chunk(rows=ROWS[:5]), "shorter than divergence_after"),
        (chunk(rows=ROWS[:1]), "shorter than divergence_after"),
        (chunk(rows=np.where(ROWS == 0.5, np.nan, ROWS)), "not finite"),
        (chunk(names=("shoulder", "wrist")), "joint missing"),
        (chunk(names=("elbow", "elbow")), "joint doubled"),
    ],
)
def test_what_cannot_be_compared_is_counted_with_its_reason(made: ActionChunk, why: str) -> None:
    shadow = new_shadow()
    add(shadow, made)
    measure(shadow, 500, 0.0, 0.0)
    assert shadow.figures().skipped == {why: 1}
    assert shadow.figures().chunks == 0


def test_a_chunk_that_just_reaches_the_time_is_over_at_a_later_joint_state() -> None:
    shadow = new_shadow()
    add(shadow, chunk(rows=ROWS[:6]))
    measure(shadow, 504, 0.0, 0.0)
    assert shadow.figures().skipped == {"shorter than divergence_after": 1}


def test_a_chunk_that_comes_after_its_time_is_not_compared_with_a_later_arm() -> None:
    shadow = new_shadow()
    measure(shadow, 500, 0.0, 0.0)
    add(shadow, chunk(), late_ms=505)
    measure(shadow, 510, 0.0, 0.0)
    assert shadow.figures().skipped == {"came after divergence_after": 1}


def test_after_a_gap_in_the_joint_states_nothing_is_made_up() -> None:
    shadow = new_shadow()
    add(shadow, chunk())
    measure(shadow, 601, 0.0, 0.0)
    assert shadow.figures().skipped == {"no joint state then": 1}


@pytest.mark.parametrize(("at_ms", "why"), [(0, "older"), (-10, "older"), (200, "future")])
def test_stamps_that_cannot_be_believed_are_not_used(at_ms: int, why: str) -> None:
    shadow = new_shadow()
    shadow.add_chunk(chunk(0), START_NS + 20 * MS)
    shadow.add_chunk(chunk(at_ms), START_NS + 20 * MS)
    assert shadow.figures().skipped == {why: 1}


def test_a_flood_of_chunks_fills_no_memory() -> None:
    shadow = new_shadow()
    for number in range(1000):
        shadow.add_chunk(
            ActionChunk(START_NS + number, STEP_NS, NAMES, ROWS, number, 1), START_NS + MS
        )
    assert shadow.figures().skipped == {"too many at once": 1000 - 256}
    measure(shadow, 501, 0.0, 0.0)
    assert shadow.figures().chunks == 256


def test_stamps_of_two_clocks_are_never_mixed() -> None:
    shadow = new_shadow()
    add(shadow, chunk(0))
    measure(shadow, 100, 0.0, 0.0)
    shadow.forget()
    # The clock went back by ten seconds; a chunk of before waits no more, and its stamp bars none.
    add(shadow, chunk(-10_000))
    measure(shadow, -9_500, 0.6, -1.3)
    measure(shadow, 500, 9.0, 9.0)
    assert shadow.figures().chunks == 1
    assert shadow.figures().newest == pytest.approx([0.1, 0.3])


def test_counters_begin_anew_and_what_waited_is_dropped() -> None:
    shadow = new_shadow()
    add(shadow, chunk(0))
    measure(shadow, 500, 0.6, -1.3)
    add(shadow, chunk(100, rows=ROWS[:2]))
    add(shadow, chunk(200))
    shadow.restart()
    measure(shadow, 700, 0.6, -1.3)
    figures = shadow.figures()
    assert (figures.chunks, figures.skipped) == (0, {})
    assert figures.newest.shape == figures.rms.shape == (0,)
