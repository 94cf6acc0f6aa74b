"""The demonstrator reaches its cycle from everywhere and stays well inside the arm's limits."""

import numpy as np
import pytest

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.sim.demo_arm import HOME, LIMITS, forward
from pi0_ros.sim.demonstrations import random_poses
from pi0_ros.sim.expert import HOVER_HEIGHT_M, Expert, expert_over
from pi0_ros.sim.scene import BLOCKS

RATE_HZ = 120.0
BLOCK_NAMES = sorted(BLOCKS)


def _peaks(path: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Largest speed and acceleration of each joint as shares of its limits."""
    speed = np.diff(path, axis=-2) * RATE_HZ
    acceleration = np.diff(speed, axis=-2) * RATE_HZ
    axes = tuple(range(path.ndim - 1))
    return (
        np.abs(speed).max(axis=axes) / LIMITS.velocity,
        np.abs(acceleration).max(axis=axes) / LIMITS.acceleration,
    )


def _run(expert: Expert, starts: FloatArray, seconds: float) -> FloatArray:
    return expert.future(starts, round(seconds * RATE_HZ), 1.0 / RATE_HZ)


@pytest.mark.parametrize("block", BLOCK_NAMES)
def test_two_hundred_random_starts_end_on_the_cycle_within_limits(block: str) -> None:
    expert = expert_over(block)
    path = _run(expert, random_poses(np.random.default_rng(7), 200), 10.0)
    last = path[:, -1] - expert.hover
    z = last @ expert.coordinates.T
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1.0, atol=1e-3)
    np.testing.assert_allclose(last, z @ expert.plane.T, atol=1e-4)
    speed, acceleration = _peaks(path)
    assert speed.max() <= 0.60
    assert acceleration.max() <= 0.70
    assert np.all(path >= LIMITS.lower + 0.05)
    assert np.all(path <= LIMITS.upper - 0.05)


@pytest.mark.parametrize("block", BLOCK_NAMES)
def test_transits_from_home_and_the_other_cycle_use_half_of_the_limits(block: str) -> None:
    expert = expert_over(block)
    (other,) = (expert_over(name) for name in BLOCK_NAMES if name != block)
    starts = np.vstack([HOME, other.cycle(np.linspace(0.0, 2.0 * np.pi, 16))])
    path = _run(expert, starts, 8.0)
    speed, acceleration = _peaks(path)
    assert speed.max() <= 0.60
    assert acceleration.max() <= 0.50
    assert forward(path).tip[..., 2].min() > 0.12
    assert np.all(np.minimum(path - LIMITS.lower, LIMITS.upper - path) > 0.3)


@pytest.mark.parametrize("block", BLOCK_NAMES)
def test_the_tip_circles_over_its_block_and_every_joint_turns(block: str) -> None:
    expert = expert_over(block)
    path = _run(expert, expert.cycle(0.0), 8.0)
    tip = forward(path).tip
    from_centre = np.linalg.norm(tip[:, :2] - BLOCKS[block].centre, axis=1)
    assert from_centre.min() > 0.06
    assert from_centre.max() < 0.11
    assert np.abs(tip[:, 2] - HOVER_HEIGHT_M).max() < 0.02
    assert np.ptp(path, axis=0).min() > 0.2
    assert np.ptp(path[:, 5]) > 1.0


def test_a_round_takes_about_four_seconds() -> None:
    expert = expert_over("red")
    z = (_run(expert, expert.cycle(0.0), 20.0) - expert.hover) @ expert.coordinates.T
    angle = np.unwrap(np.arctan2(z[:, 1], z[:, 0]))
    assert 20.0 / (angle[-1] / (2.0 * np.pi)) == pytest.approx(4.15, abs=0.15)


def test_the_future_is_the_same_seen_from_any_moment_of_it() -> None:
    expert = expert_over("blue")
    whole = expert.future(HOME, 50, 1.0 / 30.0)
    rest = expert.future(whole[20], 30, 1.0 / 30.0)
    np.testing.assert_array_equal(rest, whole[20:])
    np.testing.assert_array_equal(whole[0], HOME)


def test_integration_is_converged() -> None:
    expert = expert_over("blue")
    fine = expert.future(HOME, 901, 1.0 / 600.0)[::20]
    np.testing.assert_allclose(expert.future(HOME, 46, 1.0 / 30.0), fine, atol=2e-6)


def test_unknown_block_and_negative_duration_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="green"):
        expert_over("green")
    with pytest.raises(ConfigurationError, match="duration"):
        expert_over("red").advance(HOME, -0.1)
