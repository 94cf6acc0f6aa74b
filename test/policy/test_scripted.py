"""The scripted policy sways smoothly for ever, and fails as it is told to."""

from pathlib import Path

import numpy as np
import pytest

from pi0_ros.core.errors import PolicyError, PolicyLost
from pi0_ros.core.observation import Observation
from pi0_ros.policy.policy_config import PolicyConfig, default_feature
from pi0_ros.policy.scripted import HORIZON, ScriptedPolicy
from pi0_ros.sim.demo_arm import HOME, LIMITS

STEP_S = 1.0 / 30.0


def scripted(fault: str = "", path: str = "/nowhere") -> ScriptedPolicy:
    config = PolicyConfig(
        path=Path(path), mode="demo", camera_features={"main": default_feature("main")}, joints=6
    )
    return ScriptedPolicy(config, STEP_S, lambda: fault)


def seen(seconds: float) -> Observation:
    images = {"main": np.zeros((480, 640, 3), dtype=np.uint8)}
    return Observation(round(seconds * 1e9), images, HOME, "sway")


def test_chunks_of_different_moments_are_pieces_of_one_motion() -> None:
    policy = scripted()
    first, later = policy.infer(seen(10.0)), policy.infer(seen(10.0 + 7 * STEP_S))
    assert first.shape == (HORIZON, 6)
    np.testing.assert_allclose(first[0], HOME)
    np.testing.assert_allclose(first[7:], later[:-7], atol=1e-9)


def test_it_keeps_the_demo_arms_limits() -> None:
    policy = scripted()
    policy.infer(seen(0.0))
    rows = np.vstack([policy.infer(seen(t))[0] for t in np.arange(0.0, 4.0, STEP_S)])
    speed = np.diff(rows, axis=0) / STEP_S
    assert (np.abs(speed) < LIMITS.velocity).all()
    assert (np.abs(np.diff(speed, axis=0) / STEP_S) < LIMITS.acceleration).all()
    assert ((LIMITS.lower < rows) & (rows < LIMITS.upper)).all()


@pytest.mark.parametrize("fault", ["not_a_number", "not_a_number_once", "infinite"])
def test_values_that_are_not_finite(fault: str) -> None:
    assert np.count_nonzero(~np.isfinite(scripted(fault).infer(seen(0.0)))) == 1


def test_other_nonsense() -> None:
    assert (scripted("absurd").infer(seen(0.0)) > 90.0).all()
    assert scripted("far").infer(seen(0.0))[0, -1] == pytest.approx(HOME[-1] + 1.0)
    assert scripted("wrong_shape").infer(seen(0.0)).shape == (HORIZON - 1, 6)
    with pytest.raises(PolicyError, match="on purpose"):
        scripted("failing").infer(seen(0.0))
    with pytest.raises(PolicyLost):
        scripted("lost").infer(seen(0.0))
