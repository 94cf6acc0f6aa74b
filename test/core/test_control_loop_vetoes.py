"""What comes from outside latches, and is asked before every activation and reset."""

import pytest

from pi0_ros.core.control_state import ControlState
from pi0_ros.core.errors import ControlRefused

from .rig import Rig


def test_a_veto_in_motion_brakes_and_latches(rig):
    rig.in_motion()
    assert rig.loop.veto("estop", "the button is pressed")
    assert rig.state is ControlState.LATCHED
    assert rig.reason == "the button is pressed; call pi0_controller/reset"
    rig.until_rest()
    rig.check()


def test_while_it_stands_reset_is_refused_and_names_it(rig):
    rig.loop.veto("estop", "the button is pressed")
    rig.tick()
    rig.rest()
    with pytest.raises(ControlRefused, match="the button is pressed"):
        rig.reset()
    assert rig.state is ControlState.LATCHED
    rig.loop.veto("estop", "")
    assert rig.state is ControlState.LATCHED
    rig.reset()
    assert rig.state is ControlState.HOLD


def test_it_latches_once_and_not_again_after_a_hold_by_hand(rig):
    assert rig.loop.veto("estop", "the button is pressed")
    rig.loop.hold("hold was called")
    assert not rig.loop.veto("estop", "the button is pressed")
    assert rig.reason.startswith("hold was called")


def test_before_activation_it_refuses_and_latches_nothing():
    rig = Rig()
    rig.rest()
    assert not rig.loop.veto("topic", "nobody there")
    assert rig.state is ControlState.INACTIVE
    with pytest.raises(ControlRefused, match="nobody there"):
        rig.activate()
    rig.loop.veto("topic", "")
    rig.activate()
    assert rig.state is ControlState.HOLD
