"""A pause holds for as long as it is asked for, and motion goes on with what was seen after it."""

import pytest

from pi0_ros.core.control_state import ControlState
from pi0_ros.core.errors import InputRefused

from .rig import GOAL, Rig


def test_a_pause_in_motion_brakes_within_limits_and_says_why(rig):
    rig.in_motion()
    assert rig.loop.pause("policy", "camera/main: stale")
    assert rig.state is ControlState.HOLD
    rig.until_rest()
    assert rig.reason == "camera/main: stale"
    rig.check()


def test_meanwhile_chunks_are_refused(rig):
    rig.loop.pause("policy", "camera/main: stale")
    assert rig.refusal(rig.way_to(GOAL)) == "held"
    rig.tick()
    assert rig.state is ControlState.HOLD


def test_afterwards_only_a_chunk_observed_since_then_is_played(rig):
    rig.in_motion()
    rig.loop.pause("policy", "camera/main: stale")
    rig.run(3)
    during = rig.chunk(rig.way_to(GOAL))
    rig.tick()
    assert rig.loop.pause("policy", "")
    assert "waiting for a chunk" in rig.reason
    with pytest.raises(InputRefused) as caught:
        rig.loop.add_chunk(during, rig.now_ns)
    assert caught.value.kind == "before hold"
    rig.until_rest()
    rig.send(rig.way_to(GOAL))
    rig.run(5)
    assert rig.state is ControlState.RUN
    rig.check()


def test_it_changes_something_once(rig):
    assert rig.loop.pause("policy", "camera/main: stale, 0.15 s")
    assert not rig.loop.pause("policy", "camera/main: stale, 0.25 s")
    rig.tick()
    assert rig.reason == "camera/main: stale, 0.25 s"
    assert rig.loop.pause("policy", "")
    assert not rig.loop.pause("policy", "")


def test_a_latch_is_not_softened_to_a_pause(rig):
    rig.loop.hold("held by hand")
    assert not rig.loop.pause("policy", "camera/main: stale")
    assert not rig.loop.pause("policy", "")
    rig.tick()
    assert rig.state is ControlState.LATCHED


def test_a_pause_from_before_activation_counts():
    rig = Rig()
    assert not rig.loop.pause("policy", "camera/main: stale")
    rig.activate()
    rig.tick()
    assert rig.reason == "camera/main: stale"
