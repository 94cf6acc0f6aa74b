"""Limits are tightened at run time, at rest, and never loosened."""

import numpy as np
import pytest

from pi0_ros.core.control_state import ControlState
from pi0_ros.core.errors import ConfigurationError, ControlRefused
from pi0_ros.core.limits import ArmLimits

from .arms import six_joints
from .rig import Rig


def _narrower(arm: ArmLimits, part: float) -> ArmLimits:
    return ArmLimits(
        arm.joint_names,
        part * arm.lower,
        part * arm.upper,
        part * arm.velocity,
        part * arm.acceleration,
    )


def test_limits_are_tightened_at_rest_and_hold_from_then_on(rig):
    narrow = _narrower(rig.limits, 0.5)
    rig.loop.tighten(narrow)
    assert rig.loop.report().limits is narrow
    rig.limits = narrow
    rig.restart_curve()
    assert rig.refusal(np.tile(1.2 * narrow.upper, (50, 1))) == "position"
    rig.send(rig.way_to(0.9 * narrow.upper, speed=2.0))
    rig.run(80)
    rig.check()
    assert (rig.loop.report().peak_velocity <= narrow.velocity * (1 + 1e-9)).all()


def test_a_chunk_admitted_under_wider_limits_is_not_played_on(rig):
    rig.send(np.zeros((50, 6)))
    rig.run(3)
    assert rig.state is ControlState.RUN
    rig.loop.tighten(_narrower(rig.limits, 0.5))
    assert rig.state is ControlState.HOLD
    assert "limits tightened" in rig.reason


def test_limits_are_never_loosened(rig):
    with pytest.raises(ConfigurationError, match="never loosened"):
        rig.loop.tighten(_narrower(rig.limits, 1.01))
    rig.loop.tighten(_narrower(rig.limits, 0.5))
    with pytest.raises(ConfigurationError, match="never loosened"):
        rig.loop.tighten(rig.limits)


def test_limits_are_not_tightened_in_motion(rig):
    rig.in_motion()
    with pytest.raises(ConfigurationError, match="only at rest"):
        rig.loop.tighten(_narrower(rig.limits, 0.5))
    assert rig.state is ControlState.RUN


def test_limits_are_not_tightened_around_an_arm_outside_them():
    rig = Rig(at=0.9 * six_joints().upper)
    narrow = _narrower(rig.limits, 0.5)
    rig.activate()
    rig.tick()
    with pytest.raises(ConfigurationError, match=r"joint_1 is at 2\.520 rad, outside"):
        rig.loop.tighten(narrow)
    assert rig.loop.report().limits is rig.limits
    # Before activation nobody knows where the arm is; activation will look.
    rig.loop.deactivate()
    rig.loop.tighten(narrow)
    rig.rest()
    with pytest.raises(ControlRefused, match="outside"):
        rig.activate()
