"""Segments between trajectory points against closed forms and end conditions."""

import numpy as np
import pytest

from pi0_ros.core.arrays import FloatArray
from pi0_ros.sim.desired_curve import DesiredCurve, DesiredState, held, through

START_NS = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
START = DesiredState(np.array([0.1, -0.2]), np.array([0.3, 0.0]), np.array([-0.4, 0.5]))
TARGETS = np.array([[0.5, 0.1], [0.2, 0.4]])
VELOCITIES = np.array([[0.2, -0.1], [0.0, 0.0]])
ACCELERATIONS = np.array([[0.6, -0.3], [0.0, 0.1]])


def _curve(velocities: FloatArray | None, accelerations: FloatArray | None) -> DesiredCurve:
    times = np.array([START_NS + SECOND // 2, START_NS + 2 * SECOND], dtype=np.int64)
    return through(START, START_NS, times, TARGETS, velocities, accelerations)


def test_linear_between_positions() -> None:
    curve = _curve(None, None)
    for seconds, expected in (
        (0.0, START.positions),
        (0.2, START.positions + 0.4 * (TARGETS[0] - START.positions)),
        (0.5, TARGETS[0]),
        (0.8, TARGETS[0] + 0.2 * (TARGETS[1] - TARGETS[0])),
        (2.0, TARGETS[1]),
        (9.0, TARGETS[1]),
    ):
        state = curve.at(START_NS + round(seconds * SECOND))
        np.testing.assert_allclose(state.positions, expected, atol=1e-12)
    slope = (TARGETS[1] - TARGETS[0]) / 1.5
    np.testing.assert_allclose(curve.at(START_NS + SECOND).velocities, slope, atol=1e-12)
    np.testing.assert_array_equal(curve.at(START_NS + 3 * SECOND).velocities, [0.0, 0.0])


def test_cubic_with_velocities_is_hermites() -> None:
    curve = _curve(VELOCITIES, None)
    u, span = 0.3, 1.5
    h00, h10 = 2 * u**3 - 3 * u**2 + 1, u**3 - 2 * u**2 + u
    h01, h11 = -2 * u**3 + 3 * u**2, u**3 - u**2
    expected = h00 * TARGETS[0] + h01 * TARGETS[1]
    expected = expected + span * (h10 * VELOCITIES[0] + h11 * VELOCITIES[1])
    time_ns = START_NS + round((0.5 + u * span) * SECOND)
    np.testing.assert_allclose(curve.at(time_ns).positions, expected, atol=1e-12)


@pytest.mark.parametrize("accelerations", [None, ACCELERATIONS], ids=["cubic", "quintic"])
def test_given_states_are_met_from_both_sides(accelerations: FloatArray | None) -> None:
    curve = _curve(VELOCITIES, accelerations)
    start = curve.at(START_NS)
    np.testing.assert_allclose(start.positions, START.positions)
    np.testing.assert_allclose(start.velocities, START.velocities)
    middle_ns = START_NS + SECOND // 2
    for time_ns in (middle_ns - 1, middle_ns):
        state = curve.at(time_ns)
        np.testing.assert_allclose(state.positions, TARGETS[0], atol=1e-8)
        np.testing.assert_allclose(state.velocities, VELOCITIES[0], atol=1e-7)
        if accelerations is not None:
            np.testing.assert_allclose(state.accelerations, accelerations[0], atol=1e-6)


def test_quintic_repeats_a_quintic() -> None:
    weights = np.array([0.1, 0.3, -0.2, 0.4, -0.3, 0.08])
    polynomial = np.polynomial.Polynomial(weights)
    values = [polynomial.deriv(order) if order else polynomial for order in range(3)]
    start = DesiredState(*(np.array([value(0.0)]) for value in values))
    end = [np.array([[value(1.5)]]) for value in values]
    times = np.array([START_NS + 3 * SECOND // 2], dtype=np.int64)
    curve = through(start, START_NS, times, *end)
    for seconds in np.linspace(0.0, 1.49, 11):
        state = curve.at(START_NS + round(seconds * SECOND))
        assert state.positions[0] == pytest.approx(polynomial(seconds), abs=1e-8)
        assert state.velocities[0] == pytest.approx(polynomial.deriv()(seconds), abs=1e-7)


def test_a_hold_stays() -> None:
    curve = held(START.positions, START_NS)
    for time_ns in (START_NS, START_NS + 10**15):
        np.testing.assert_array_equal(curve.at(time_ns).positions, START.positions)
        np.testing.assert_array_equal(curve.at(time_ns).velocities, [0.0, 0.0])
