"""Row i is due when the clock has gone on by i * step; what is past is never replayed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.playback import Playback

from .arms import SIX_JOINTS, STEP_NS, chunk, playing

STAMP_NS = 5_000_000_000
ARM = ArmLimits(SIX_JOINTS[:1], [-1e6], [1e6], [100.0], [1e4])
SLOW_ARM = ArmLimits(SIX_JOINTS[:1], [-1e6], [1e6], [1.0], [1e4])


def _line(rows: int = 31, per_row: float = 1.0 / 30.0) -> np.ndarray:
    """Row i at i * per_row."""
    return np.arange(rows)[:, np.newaxis] * per_row


def _times(*times: int) -> np.ndarray:
    return np.array(times, dtype=np.int64)


def _play(
    rows: np.ndarray,
    *,
    arm: ArmLimits = ARM,
    splice_ns: int = STAMP_NS,
    followed: np.ndarray | None = None,
    blend_ns: int = 0,
    path_tolerance: float = 0.0,
) -> Playback:
    made = chunk(rows, stamp_ns=STAMP_NS)
    return playing(arm, made, splice_ns, followed, blend_ns, path_tolerance)


@given(st.integers(0, 30))
def test_row_i_is_due_i_steps_after_the_capture(row):
    due = STAMP_NS + row * STEP_NS
    assert _play(_line()).targets(_times(due))[0, 0] == pytest.approx(row / 30.0, abs=1e-9)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_what_is_past_at_the_splice_is_not_replayed(late_ns, later_ns):
    playback = _play(_line(), splice_ns=STAMP_NS + late_ns)
    now = STAMP_NS + late_ns + later_ns
    expected = min((late_ns + later_ns) / STEP_NS, 30.0) / 30.0
    assert playback.targets(_times(now))[0, 0] == pytest.approx(expected, abs=1e-9)


def test_before_its_first_row_is_due_a_chunk_stays_there():
    playback = _play(_line(), splice_ns=STAMP_NS - 40_000_000)
    assert playback.targets(_times(STAMP_NS - 30_000_000, STAMP_NS))[:, 0].tolist() == [0.0, 0.0]


def test_after_its_last_row_a_chunk_stays_there():
    playback = _play(_line())
    end = STAMP_NS + 30 * STEP_NS
    assert playback.targets(_times(end, end + 10**9))[:, 0] == pytest.approx([1.0, 1.0])


def test_too_fast_a_chunk_is_slowed_from_the_splice_on():
    # 2 rad/s where 1 is allowed.
    splice = STAMP_NS + 3 * STEP_NS
    playback = _play(_line(per_row=2.0 / 30.0), arm=SLOW_ARM, splice_ns=splice)
    assert playback.slow_down == pytest.approx(2.0 / 30.0 / 0.033_333_333, rel=1e-12)
    targets = playback.targets(_times(splice, splice + 2 * STEP_NS, splice + 10 * STEP_NS))[:, 0]
    assert targets == pytest.approx([6.0 / 30.0, 8.0 / 30.0, 16.0 / 30.0], rel=1e-6)


def test_rows_that_are_past_do_not_slow_what_is_left():
    rows = _line()
    rows[:5] -= 5.0
    assert _play(rows, arm=SLOW_ARM, splice_ns=STAMP_NS + 7 * STEP_NS).slow_down == pytest.approx(
        1.0, rel=1e-6
    )
    assert _play(rows, arm=SLOW_ARM).slow_down > 100.0


def test_the_first_row_counts_while_it_is_not_past():
    rows = np.maximum(_line(), 3.0 / 30.0)
    rows[0] = 0.0
    assert _play(rows, arm=SLOW_ARM).slow_down == pytest.approx(3.0, rel=1e-6)


def test_at_half_the_speed_half_as_many_rows_are_past():
    # Three times too fast between rows 8 and 9.
    rows = _line()
    rows[9:] += 2.0 / 30.0
    made = chunk(rows, stamp_ns=STAMP_NS)
    for steps, slowed in ((16, True), (22, False)):
        splice = STAMP_NS + steps * STEP_NS
        playback = playing(SLOW_ARM, made, splice, rate=0.5)
        assert (playback.slow_down > 2.0) is slowed


def test_a_bend_that_the_splice_is_still_in_counts():
    """Row 10 is the last before motion begins; the curve bends until row 11."""
    arm = ArmLimits(SIX_JOINTS[:1], [-9.0], [9.0], [9.0], [5.0])
    rows = np.maximum(0.0, _line(31) - 10.0 / 30.0)
    for row, slowed in ((9.5, True), (10.5, True), (11.5, False)):
        playback = _play(rows, arm=arm, splice_ns=STAMP_NS + round(row * STEP_NS))
        assert (playback.slow_down > 2.0) is slowed


def test_jitter_is_smoothed_instead_of_slowed():
    arm = ArmLimits(SIX_JOINTS[:1], [-3.0], [3.0], [1.5], [5.0])
    rows = _line(50, 0.02) + np.random.default_rng(3).normal(0.0, 0.004, (50, 1))
    assert _play(rows, arm=arm).slow_down > 1.5
    assert _play(rows, arm=arm, path_tolerance=0.02).slow_down < 1.1


@given(st.floats(-1.0, 1.0), st.integers(0, 800_000_000), st.integers(10**6, 400_000_000))
def test_a_blend_starts_where_the_arm_was_going_and_fades_out(followed, late_ns, blend_ns):
    splice = STAMP_NS + late_ns
    blended = _play(_line(), splice_ns=splice, followed=np.array([followed]), blend_ns=blend_ns)
    plain = _play(_line(), splice_ns=splice)
    assert blended.targets(_times(splice))[0, 0] == pytest.approx(followed, abs=1e-9)
    times = splice + np.linspace(0, 1.5 * blend_ns, 40).astype(np.int64)
    offset = (blended.targets(times) - plain.targets(times))[:, 0]
    assert (np.abs(np.diff(offset)) <= np.abs(offset[0]) * 0.08 + 1e-9).all(), "a jump"
    assert (np.diff(np.abs(offset)) <= 1e-9).all()
    assert offset[times >= splice + blend_ns] == pytest.approx(0.0, abs=1e-12)


def test_until_the_splice_a_blend_keeps_its_whole_distance():
    splice = STAMP_NS + 5 * STEP_NS
    followed = np.array([0.5])
    for blend_ns in (1, 200_000_000):
        blended = _play(_line(), splice_ns=splice, followed=followed, blend_ns=blend_ns)
        before = blended.targets(_times(splice - 3 * STEP_NS, splice))[:, 0]
        assert before == pytest.approx([2.0 / 30.0 + 0.5 - 5.0 / 30.0, 0.5], abs=1e-9)


def test_where_nothing_was_followed_nothing_is_blended():
    times = _times(STAMP_NS, STAMP_NS + STEP_NS)
    blended = _play(_line(), followed=None, blend_ns=200_000_000)
    assert np.array_equal(blended.targets(times), _play(_line()).targets(times))


def test_no_blend_time_means_no_blend():
    playback = _play(_line(), followed=np.array([9.0]), blend_ns=0)
    assert playback.targets(_times(STAMP_NS))[0, 0] == 0.0


def test_a_chunk_has_ended_after_its_last_row_was_due():
    end = STAMP_NS + 30 * STEP_NS
    playback = _play(_line())
    assert not playback.ended(STAMP_NS)
    assert not playback.ended(end)
    assert playback.ended(end + 1)


def test_a_slowed_chunk_ends_later():
    playback = _play(_line(per_row=2.0 / 30.0), arm=SLOW_ARM)
    end = STAMP_NS + 30 * STEP_NS
    assert not playback.ended(end + 1)
    assert not playback.ended(STAMP_NS + 59 * STEP_NS)
    assert playback.ended(STAMP_NS + 60 * STEP_NS + 100)


def test_rows_are_counted_from_the_capture():
    playback = _play(_line(), splice_ns=STAMP_NS + 2 * STEP_NS)
    times = _times(STAMP_NS, STAMP_NS + STEP_NS, STAMP_NS + 3 * STEP_NS)
    assert playback.row_at(times) == pytest.approx([0.0, 1.0, 3.0])
