"""The judge of curves: closed forms against known curves, dense samples and broken limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.limits import ArmLimits
from pi0_ros.sim.curve_judge import Excess, extremes, judge, played
from pi0_ros.sim.desired_curve import DesiredCurve, DesiredState, held, taken_over, through

START = 1_700_000_000_000_000_000
MS = 1_000_000
TICK = 20 * MS
ARM = ArmLimits(("a",), np.array([-1.0]), np.array([1.0]), np.array([1.0]), np.array([5.0]))
REST = DesiredState(np.zeros(1), np.zeros(1), np.zeros(1))


def _times(*milliseconds: float) -> np.ndarray:
    return np.array([START + round(each * MS) for each in milliseconds], dtype=np.int64)


def _column(*values: float) -> FloatArray:
    return np.array(values)[:, None]


def _line(*points: tuple[float, float]) -> DesiredCurve:
    """Straight lines from rest at 0 through (milliseconds, position)."""
    times = _times(*[time for time, _ in points])
    return through(REST, START, times, _column(*[row for _, row in points]), None, None)


def _quantities(found: list[Excess]) -> set[str]:
    return {one.quantity for one in found}


@settings(max_examples=200)
@given(hnp.arrays(np.float64, (1, 6, 1), elements=st.floats(-5.0, 5.0)), st.floats(0.001, 3.0))
def test_extremes_are_those_of_the_polynomial(coefficients, span):
    low, high = extremes(coefficients, np.array([span]))
    sampled = np.polyval(coefficients[0, ::-1, 0], np.linspace(0.0, span, 4001))
    scale = 1.0 + np.abs(sampled).max()
    assert low[0, 0] <= sampled.min() + 1e-9 * scale
    assert high[0, 0] >= sampled.max() - 1e-9 * scale
    # Nor more than there is: between samples a curve rises by slope times distance at most.
    steepest = np.abs(np.diff(sampled)).max()
    assert low[0, 0] >= sampled.min() - 2.0 * steepest - 1e-9 * scale
    assert high[0, 0] <= sampled.max() + 2.0 * steepest + 1e-9 * scale


def test_extremes_of_a_quintic_by_hand():
    # s^5 - 5/3 s^3 has its minimum at s = 1, where it is -2/3.
    coefficients = np.array([0.0, 0.0, 0.0, -5.0 / 3.0, 0.0, 1.0])[None, :, None]
    low, high = extremes(coefficients, np.array([1.2]))
    assert low[0, 0] == pytest.approx(-2.0 / 3.0, abs=1e-12)
    assert high[0, 0] == 0.0


def test_a_curve_at_exactly_its_limits_is_good():
    # One tick of full acceleration after the other, to the velocity limit and back to rest.
    speeds = [*np.arange(0.1, 1.01, 0.1), *[1.0] * 5, *np.arange(0.9, -0.01, -0.1), 0.0]
    rows = np.cumsum(speeds) * 0.02
    assert judge(ARM, TICK, _line(*[(20.0 * (k + 1), row) for k, row in enumerate(rows)])) == []


def test_each_limit_is_missed_when_it_is_broken_and_its_size_is_told():
    assert _quantities(judge(ARM, TICK, held(np.array([1.2]), START))) == {"upper limit"}
    assert _quantities(judge(ARM, TICK, held(np.array([-1.2]), START))) == {"lower limit"}
    fast = judge(ARM, TICK, _line((100.0, 0.11)))
    assert _quantities(fast) == {"velocity", "change of velocity"}
    assert next(one for one in fast if one.quantity == "velocity").value == pytest.approx(1.1)
    (bent,) = judge(ARM, TICK, _line((100.0, 0.02), (200.0, 0.02)))
    assert (bent.joint, bent.quantity) == ("a", "change of velocity")
    # 0.2 rad/s in one tick.
    assert bent.value == pytest.approx(10.0)
    assert bent.limit == pytest.approx(5.0)


def test_changes_of_velocity_are_judged_at_every_phase():
    # Two steps of 0.1 rad/s, half a tick apart: only a second difference between them sees both.
    curve = _line((100.0, 0.0), (110.0, 0.001), (200.0, 0.001 + 0.09 * 0.2), (210.0, 0.02))
    (found,) = judge(ARM, TICK, curve)
    assert found.quantity == "change of velocity"
    assert found.value == pytest.approx((0.1 + 0.1 * 0.5) / 0.02)


def test_inside_a_cubic_the_acceleration_itself_is_judged():
    # 6 d / T^2 at both ends of a cubic from rest to rest.
    times, rest = _times(100.0), np.zeros((1, 1))
    good = through(REST, START, times, _column(0.0083), rest, None)
    assert judge(ARM, TICK, good) == []
    bad = through(REST, START, times, _column(0.0085), rest, None)
    found = judge(ARM, TICK, bad)
    assert "acceleration" in _quantities(found)
    assert found[0].value == pytest.approx(5.1)


def test_a_jump_between_pieces_is_found_where_it_happens():
    second = held(np.array([0.01]), START)
    found = judge(ARM, TICK, played([(START, held(np.zeros(1), START)), (START + TICK, second)]))
    jump = next(one for one in found if one.quantity == "jump")
    assert jump.time_ns == START + TICK
    assert jump.value == pytest.approx(0.01)


def test_what_is_not_a_number_is_an_excess():
    found = judge(ARM, TICK, held(np.array([np.nan]), START))
    assert {"upper limit", "lower limit"} <= _quantities(found)


@pytest.mark.parametrize("fields", [0, 1, 2], ids=["linear", "cubic", "quintic"])
def test_pieces_make_the_curve_that_was_in_force(fields):
    rng = np.random.default_rng(fields)
    pieces = [(START, held(np.zeros(1), START))]
    for message in range(12):
        now = START + 13 * MS * message
        own = pieces[-1][1].at(now)
        times = now + np.array([-25, -5, 15, 40]) * MS + int(rng.integers(-3, 30)) * MS
        rows = [rng.uniform(-1.0, 1.0, (4, 1)) for _ in range(3)]
        given_fields = [rows[each] if each <= fields else None for each in range(3)]
        pieces.append((now, taken_over(own, now, times, *given_fields)))
    whole = played(pieces)
    for time in rng.integers(START, START + 300 * MS, 300).tolist():
        newest = max(k for k, (start, _) in enumerate(pieces) if start <= time)
        expected, got = pieces[newest][1].at(time), whole.at(time)
        np.testing.assert_allclose(got.positions, expected.positions, atol=1e-9)
        np.testing.assert_allclose(got.velocities, expected.velocities, atol=1e-6)


def test_the_closed_form_agrees_with_dense_samples():
    rng = np.random.default_rng(5)
    tiny = np.array([1e-9])
    narrow = ArmLimits(("a",), -tiny, tiny, tiny, tiny)
    for _ in range(20):
        times = START + np.cumsum(rng.integers(5, 60, 8)) * MS
        rows = [rng.uniform(-scale, scale, (8, 1)) for scale in (0.1, 1.0, 5.0)]
        curve = through(REST, START, times, *rows)
        found = {one.quantity: one.value for one in judge(narrow, TICK, curve)}
        dense = [curve.at(int(t)) for t in np.linspace(START, int(times[-1]) - 1, 6000)]
        speed = max(abs(state.velocities[0]) for state in dense)
        force = max(abs(state.accelerations[0]) for state in dense)
        assert found["velocity"] == pytest.approx(speed, rel=1e-3)
        assert found["acceleration"] == pytest.approx(force, rel=1e-2)
        at = [0.0] * 20  # Before the curve the arm stands.
        at += [curve.at(t).positions[0] for t in range(START, int(times[-1]) + TICK, MS)]
        bends = np.abs(np.array(at[40:]) - 2.0 * np.array(at[20:-20]) + np.array(at[:-40]))
        assert found["change of velocity"] >= bends.max() / 0.02**2 * (1 - 1e-9)
        assert found["change of velocity"] == pytest.approx(bends.max() / 0.02**2, rel=2e-2)
