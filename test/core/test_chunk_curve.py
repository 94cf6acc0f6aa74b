"""A chunk is played as a smooth curve that keeps its limits, and jitter does not slow it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pi0_ros.core.chunk_curve import ChunkCurve, slow_down_factor, smoothed
from pi0_ros.core.limits import ArmLimits

from .arms import SIX_JOINTS, six_joints

STEP_S = 1.0 / 30.0


def _two_joints() -> ArmLimits:
    return ArmLimits(SIX_JOINTS[:2], [-10.0, -10.0], [10.0, 10.0], [1.0, 2.0], [4.0, 8.0])


@pytest.mark.parametrize(
    ("rows", "factor"),
    [
        ([[0.0, 0.0]], 1.0),
        ([[0.0, 0.0], [0.1, 0.2]], 1.0),  # exactly the velocity limits
        ([[0.0, 0.0], [0.2, 0.2]], 2.0),  # joint_1 twice too fast
        ([[0.0, 0.0], [0.1, 0.6]], 3.0),  # joint_2 three times too fast
        ([[0.0, 0.0], [0.04, 0.0], [0.12, 0.0]], 1.0),  # 0.04 = a dt^2
        ([[0.0, 0.0], [0.0, 0.0], [-0.16, 0.0]], 2.0),  # 4 a dt^2: half the speed
        ([[0.0, 0.0], [0.0, 0.0], [0.0, 0.72]], 3.6),  # acceleration wants 3, velocity 3.6
        ([[0.0, 0.0]] * 5, 1.0),
    ],
)
def test_slow_down_is_the_smallest_that_keeps_speed_and_acceleration(rows, factor):
    assert slow_down_factor(_two_joints(), 0.1, np.array(rows)) == pytest.approx(factor)


@given(hnp.arrays(np.float64, (12, 6), elements=st.floats(-1.0, 1.0)))
def test_slowed_down_rows_keep_their_limits(rows):
    arm = six_joints()
    step_s = STEP_S * slow_down_factor(arm, STEP_S, rows)
    assert (np.abs(np.diff(rows, axis=0)) <= arm.velocity * step_s * (1 + 1e-9)).all()
    second = np.abs(np.diff(rows, n=2, axis=0))
    assert (second <= arm.acceleration * step_s**2 * (1 + 1e-9)).all()


def _moving(rows: int = 50) -> np.ndarray:
    """Half the limits of each joint: smooth motion as an expert shows it."""
    arm = six_joints()
    rate = 2.0 * np.pi / 4.0
    amplitude = 0.5 * np.minimum(arm.velocity / rate, arm.acceleration / rate**2)
    return amplitude * np.sin(rate * np.arange(rows)[:, np.newaxis] * STEP_S + np.arange(6))


def test_rows_within_the_limits_are_played_as_they_are():
    rows = _moving()
    assert np.array_equal(smoothed(six_joints(), STEP_S, rows, 0.02), rows)


@pytest.mark.parametrize("jitter", [0.001, 0.002, 0.005])
@pytest.mark.parametrize("seed", range(5))
def test_jitter_of_milliradians_does_not_slow_the_arm(jitter, seed):
    arm = six_joints()
    rows = _moving() + np.random.default_rng(seed).normal(0.0, jitter, (50, 6))
    # The last rows of a chunk have nothing to be smoothed with on one side.
    smooth = smoothed(arm, STEP_S, rows, 0.02)
    assert slow_down_factor(arm, STEP_S, smooth) < 1.15
    assert np.sqrt(np.mean((smooth - _moving()) ** 2)) < jitter


def test_motion_that_is_too_fast_is_still_slowed():
    arm = six_joints()
    rows = 3.0 * _moving()
    slow = slow_down_factor(arm, STEP_S, smoothed(arm, STEP_S, rows, 0.02))
    assert slow == pytest.approx(slow_down_factor(arm, STEP_S, rows), rel=0.05)


def test_no_tolerance_means_no_smoothing():
    rows = np.random.default_rng(1).normal(0.0, 0.1, (50, 6))
    assert np.array_equal(smoothed(six_joints(), STEP_S, rows, 0.0), rows)


def test_what_is_exactly_within_its_limit_or_the_tolerance_counts_as_within():
    # 4 rad/s2 over half a second squared is 1 rad.
    within = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 2.0]])
    assert np.array_equal(smoothed(_two_joints(), 0.5, within, 9.0), within)
    # One pass moves the middle by half a radian, and a second one would be too much.
    bent = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    smooth = smoothed(_two_joints(), 0.1, bent, 0.5)
    assert smooth[:, 0].tolist() == [0.0, 0.5, 0.0]


def test_a_joint_that_is_beyond_its_tolerance_does_not_keep_the_others_from_being_smoothed():
    rows = _moving()
    rows[::2, 4] += 1.0
    rows[::2, 5] += 0.01
    smooth = smoothed(six_joints(), STEP_S, rows, 0.02)
    assert np.array_equal(smooth[:, 4], rows[:, 4])
    assert not np.array_equal(smooth[:, 5], rows[:, 5])


def test_only_the_joint_that_needs_it_is_smoothed():
    rows = _moving()
    rows[::2, 5] += 0.01
    smooth = smoothed(six_joints(), STEP_S, rows, 0.02)
    assert np.array_equal(smooth[:, :5], rows[:, :5])
    assert not np.array_equal(smooth[:, 5], rows[:, 5])


@given(
    hnp.arrays(np.float64, st.tuples(st.integers(1, 30), st.just(6)), elements=st.floats(-1, 1)),
    st.floats(0.0, 0.1),
)
def test_smoothing_moves_no_row_farther_than_the_tolerance(rows, tolerance):
    before = rows.copy()
    smooth = smoothed(six_joints(), STEP_S, rows, tolerance)
    assert np.array_equal(rows, before)
    assert np.abs(smooth - rows).max() <= tolerance
    assert np.array_equal(smooth[[0, -1]], rows[[0, -1]])


@given(
    hnp.arrays(np.float64, st.tuples(st.integers(1, 20), st.just(2)), elements=st.floats(-2, 2)),
    st.floats(0.1, 1.0),
)
def test_the_curve_is_never_faster_nor_harder_than_its_rows(rows, stride):
    at = ChunkCurve(rows).at(np.arange(-1.0, len(rows) + 1.0, stride))
    inside = ChunkCurve(rows).at(np.arange(0.0, max(len(rows) - 1.0, 0.5), stride))
    first = np.abs(np.diff(rows, axis=0)).max(axis=0, initial=0.0)
    second = np.abs(np.diff(rows, n=2, axis=0)).max(axis=0, initial=0.0)
    assert (np.abs(np.diff(at, axis=0)) <= stride * first + 1e-12).all()
    assert (np.abs(np.diff(inside, n=2, axis=0)) <= stride**2 * second + 1e-12).all()
    assert (at >= rows.min(axis=0) - 1e-12).all()
    assert (at <= rows.max(axis=0) + 1e-12).all()


@given(hnp.arrays(np.float64, st.tuples(st.integers(1, 20), st.just(2)), elements=st.floats(-2, 2)))
def test_the_curve_begins_and_ends_on_a_row_and_passes_the_others_closely(rows):
    on_rows = ChunkCurve(rows).at(np.arange(float(len(rows))))
    np.testing.assert_allclose(on_rows[[0, -1]], rows[[0, -1]], atol=1e-12)
    np.testing.assert_allclose(
        on_rows[1:-1], rows[1:-1] + np.diff(rows, n=2, axis=0) / 6.0, atol=1e-12
    )


def test_the_curve_is_held_beyond_its_ends():
    curve = ChunkCurve(np.array([[0.0], [1.0], [2.0]]))
    assert curve.at(np.array([-5.0, 2.0, 2.5, 99.0])).tolist() == [[0.0], [2.0], [2.0], [2.0]]


def test_a_straight_line_stays_one():
    curve = ChunkCurve(np.arange(6.0)[:, np.newaxis])
    at = np.linspace(0.0, 5.0, 41)
    np.testing.assert_allclose(curve.at(at)[:, 0], at, atol=1e-12)
