"""Whether the curve that a trajectory controller plays keeps an arm's limits, in closed form.

Everything is a polynomial between knots, so its extremes lie at the ends and where its derivative
is zero; nothing is sampled. Changes of velocity are judged by the second difference over one tick
at every phase, D(t) = q(t + dt) - 2 q(t) + q(t - dt), which is a polynomial between the knots
shifted by -dt, 0 and dt. That counts steps of velocity at knots, which the second derivative does
not see; where velocity is continuous, |D| <= dt^2 max|q''| by Taylor's formula.
"""

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.limits import ArmLimits
from pi0_ros.sim.desired_curve import ORDER, DesiredCurve, derivative, evaluated

_NS = 1e-9
_RELATIVE = 1e-9
# Polynomials re-expanded around another time round positions of some radians by this much.
_ROUNDING = 2e-11
# Terms that change no extreme, but whose roots would overflow.
_NEGLIGIBLE = 1e-15
_POWERS = np.maximum(0, np.arange(ORDER) - np.arange(ORDER)[:, None])
_BINOMIAL = np.array([[comb(k, j) for k in range(ORDER)] for j in range(ORDER)], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Excess:
    """The worst breach of one kind by one joint.

    Attributes:
        quantity: "lower limit", "upper limit", "jump", "velocity", "acceleration" (inside a
            segment) or "change of velocity" (the second difference over one tick).
        time_ns: beginning of the interval in which it happens.
        value, limit: in rad, rad/s or rad/s2.
    """

    joint: str
    quantity: str
    time_ns: int
    value: float
    limit: float


def played(pieces: list[tuple[int, DesiredCurve]]) -> DesiredCurve:
    """One curve made of many: each is in force from its time until the next one's.

    Args:
        pieces: times in ns, not falling, and curves; the last one's hold ends the result.
    """
    knots: list[int] = []
    coefficients: list[FloatArray] = []
    ends = [start for start, _ in pieces[1:]]
    for (start, curve), end in zip(pieces, [*ends, None], strict=True):
        inside = [int(knot) for knot in curve.knots_ns if knot > start]
        for knot in (start, *inside):
            if end is not None and knot >= end:
                break
            segment = curve.segment(knot)
            knots.append(knot)
            since = (knot - curve.start_ns(segment)) * _NS
            coefficients.append(_shifted(curve.coefficients[segment], since))
    return DesiredCurve(np.array(knots, dtype=np.int64), np.array(coefficients))


def judge(
    limits: ArmLimits, tick_ns: int, curve: DesiredCurve, from_rest: bool = True
) -> list[Excess]:
    """Every limit on the whole curve, after which the arm stands.

    Args:
        tick_ns: period in which changes of velocity are judged.
        from_rest: whether the arm stands before the curve; unknown where false.
    """
    knots, segments = curve.knots_ns, curve.coefficients
    spans = np.append(np.diff(knots) * _NS, 0.0)
    speeds = derivative(segments)
    low, high = extremes(segments, spans)
    found = [
        *_over(limits, "lower limit", knots, -low, -limits.lower),
        *_over(limits, "upper limit", knots, high, limits.upper),
        *_over(limits, "velocity", knots, _largest(speeds, spans), limits.velocity),
    ]
    forces = derivative(speeds)
    found += _over(limits, "acceleration", knots, _largest(forces, spans), limits.acceleration)
    before = [evaluated(one, span) for one, span in zip(segments[:-1], spans[:-1], strict=True)]
    jumps = np.abs(segments[1:, 0] - np.array(before).reshape(-1, limits.joints))
    found += _over(limits, "jump", knots[1:], jumps, np.zeros(limits.joints))

    dt_s = tick_ns * _NS
    times = np.unique(np.concatenate([knots - tick_ns, knots, knots + tick_ns]))
    if not from_rest:
        times = times[times >= knots[0] + tick_ns]
    bends = _around(curve, times + tick_ns) - 2.0 * _around(curve, times)
    bends += _around(curve, times - tick_ns)
    changes = _largest(bends, np.append(np.diff(times) * _NS, 0.0))
    allowed = limits.acceleration * dt_s**2
    # In rad/s2, so that it reads like the limit.
    found += [
        Excess(one.joint, one.quantity, one.time_ns, one.value / dt_s**2, one.limit / dt_s**2)
        for one in _over(limits, "change of velocity", times, changes, allowed)
    ]
    return found


def extremes(coefficients: FloatArray, spans_s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Smallest and largest values of polynomials on [0, span].

    Args:
        coefficients: shape (segments, 6, joints).
        spans_s: shape (segments,).

    Returns:
        Two arrays of shape (segments, joints).
    """
    ends = (spans_s[:, None] ** np.arange(ORDER))[:, None, :] @ coefficients
    first, last = coefficients[:, 0], ends[:, 0]
    low, high = np.minimum(first, last), np.maximum(first, last)
    # As a polynomial of the share of the span that has passed, whose coefficients compare.
    shares = coefficients * (spans_s[:, None] ** np.arange(ORDER))[:, :, None]
    finite = np.isfinite(shares).all(axis=1)
    curved = finite & (shares[:, 2:] != 0.0).any(axis=1)
    for segment, joint in np.argwhere(curved).tolist():
        values = _inner_extremes(shares[segment, :, joint])
        low[segment, joint] = min(low[segment, joint], *values)
        high[segment, joint] = max(high[segment, joint], *values)
    low[~finite] = high[~finite] = np.nan
    return low, high


def _inner_extremes(coefficients: FloatArray) -> list[float]:
    """Values of one polynomial, shape (6,), wherever it may be extreme within [0, 1]."""
    slope = coefficients[1:] * np.arange(1, ORDER)
    slope = np.where(np.abs(slope) < _NEGLIGIBLE * np.abs(slope).max(), 0.0, slope)
    # Numerically a double root is a pair with small imaginary parts. All values on the curve
    # count, so the real part of any root may be tried.
    tries = np.clip(np.roots(slope[::-1]).real, 0.0, 1.0)
    values: list[float] = np.polyval(coefficients[::-1], tries).tolist()
    return [float(coefficients[0]), *values]


def _largest(coefficients: FloatArray, spans_s: FloatArray) -> FloatArray:
    low, high = extremes(coefficients, spans_s)
    return np.maximum(high, -low)


def _over(
    limits: ArmLimits,
    quantity: str,
    times_ns: NDArray[np.int64],
    values: FloatArray,
    allowed: FloatArray,
) -> list[Excess]:
    """The worst of each joint that is over, from values of shape (times, joints)."""
    if not len(values):
        return []
    # NaN counts as over.
    worst = np.where(np.isnan(values), np.inf, values).argmax(axis=0)
    found = []
    for joint, index in enumerate(worst.tolist()):
        value, limit = float(values[index, joint]), float(allowed[joint])
        if not value <= limit + _RELATIVE * abs(limit) + _ROUNDING:
            time_ns = int(times_ns[index])
            found.append(Excess(limits.joint_names[joint], quantity, time_ns, value, limit))
    return found


def _around(curve: DesiredCurve, times_ns: NDArray[np.int64]) -> FloatArray:
    """The polynomials in force from each time on, expanded there, shape (times, 6, joints)."""
    result = np.zeros((len(times_ns), ORDER, curve.coefficients.shape[2]))
    for index, time_ns in enumerate(times_ns.tolist()):
        segment = curve.segment(time_ns)
        if time_ns < curve.start_ns(0):
            # Before the curve the arm stands.
            result[index, 0] = curve.coefficients[0, 0]
        else:
            since = (time_ns - curve.start_ns(segment)) * _NS
            result[index] = _shifted(curve.coefficients[segment], since)
    return result


def _shifted(coefficients: FloatArray, by_s: float) -> FloatArray:
    """Coefficients of p(s + by_s), shape (6, joints), by the binomial formula."""
    shifted: FloatArray = (_BINOMIAL * by_s**_POWERS) @ coefficients
    return shifted
