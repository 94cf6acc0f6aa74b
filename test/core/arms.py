"""Arms and chunks that the tests of the core share."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.chunk import ActionChunk
from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.play_clock import PlayClock
from pi0_ros.core.playback import Playback

SIX_JOINTS = tuple(f"joint_{number}" for number in range(1, 7))
STEP_NS = 33_333_333

# Rounding: positions of a few radians, divided by dt twice.
RELATIVE = 1e-9


def six_joints() -> ArmLimits:
    """An arm whose joints all differ; joint_6 is the fastest."""
    return ArmLimits(
        SIX_JOINTS,
        np.array([-2.8, -1.2, -0.3, -2.6, -1.2, -3.0]),
        np.array([2.8, 1.6, 2.6, 2.6, 2.2, 3.0]),
        np.array([1.5, 1.5, 1.8, 2.0, 2.2, 2.5]),
        np.array([5.0, 5.0, 6.0, 7.0, 7.5, 8.0]),
    )


def chunk(
    positions: FloatArray | Sequence[Sequence[float]],
    *,
    stamp_ns: int = 0,
    step_ns: int = STEP_NS,
    joint_names: tuple[str, ...] | None = None,
    sequence: int = 1,
    epoch: int = 1,
) -> ActionChunk:
    rows = np.array(positions, dtype=np.float64)
    names = joint_names or SIX_JOINTS[: rows.shape[1]]
    return ActionChunk(stamp_ns, step_ns, names, rows, sequence, epoch)


def playing(
    arm: ArmLimits,
    made: ActionChunk,
    splice_ns: int,
    followed: FloatArray | None = None,
    blend_ns: int = 0,
    path_tolerance: float = 0.0,
    rate: float = 1.0,
) -> Playback:
    """A chunk in play by a clock that ran at `rate` since long before the capture."""
    clock = PlayClock()
    clock.play(0, 1e9 / made.step_ns, rate)
    playback = Playback(arm, made, splice_ns, followed, blend_ns, path_tolerance, clock)
    clock.play(splice_ns, 1e9 / made.step_ns, rate, playback.slow_down)
    return playback


@st.composite
def limits(draw: st.DrawFn, joints: int = 6) -> ArmLimits:
    """Any arm: limits between those of a hexapod's leg and a racing delta's."""

    def column(low: float, high: float) -> FloatArray:
        return draw(hnp.arrays(np.float64, joints, elements=st.floats(low, high)))

    middle = column(-3.0, 3.0)
    half = column(0.01, 3.0)
    return ArmLimits(
        SIX_JOINTS[:joints], middle - half, middle + half, column(0.05, 7.0), column(0.1, 40.0)
    )


def assert_within_limits(arm: ArmLimits, dt_s: float, rows: FloatArray) -> None:
    """Rows one tick apart keep every limit of every joint, shape (ticks, joints)."""
    assert np.isfinite(rows).all()
    # Ten roundings of the largest position, carried through the differences.
    rounding = 10.0 * np.finfo(np.float64).eps * np.maximum(np.abs(arm.lower), np.abs(arm.upper))
    _assert_no_joint_over(arm, "upper limit", rows - arm.upper, rounding)
    _assert_no_joint_over(arm, "lower limit", arm.lower - rows, rounding)
    travel = np.abs(np.diff(rows, axis=0))
    allowed = arm.velocity * dt_s
    _assert_no_joint_over(arm, "velocity", travel - allowed, RELATIVE * allowed + rounding)
    change = np.abs(np.diff(rows, n=2, axis=0))
    allowed = arm.acceleration * dt_s**2
    _assert_no_joint_over(arm, "acceleration", change - allowed, RELATIVE * allowed + rounding)


def _assert_no_joint_over(
    arm: ArmLimits, what: str, excess: FloatArray, tolerance: FloatArray
) -> None:
    worst = excess.max(axis=0, initial=-np.inf)
    for index, name in enumerate(arm.joint_names):
        assert worst[index] <= tolerance[index], f"{name} over its {what} by {worst[index]}"
