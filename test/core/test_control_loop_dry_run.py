"""In a dry run nobody follows the plan: it is what each chunk would begin with on the real arm."""

import numpy as np
import pytest

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.control_state import ControlState
from pi0_ros.core.errors import ControlRefused

from .arms import six_joints
from .rig import GOAL, Rig


class UnheardRig(Rig):
    """An arm that is where `here` says, whatever is decided."""

    here: FloatArray = np.zeros(6)

    def measured(self) -> FloatArray:
        return self.here


@pytest.fixture
def rig() -> UnheardRig:
    rig = UnheardRig(ControlConfig(dry_run=True))
    rig.activate()
    rig.tick()
    return rig


def test_it_runs_although_the_arm_does_not_follow(rig):
    rig.in_motion(ticks=60)
    report = rig.loop.report()
    assert np.abs(report.position - rig.here).max() > 2 * rig.config.tracking_tolerance_rad
    assert report.dry_run
    assert report.state is ControlState.RUN


def test_outside_a_dry_run_such_an_arm_latches():
    rig = UnheardRig()
    rig.activate()
    rig.tick()
    assert not rig.loop.report().dry_run
    rig.send(rig.way_to(GOAL))
    rig.run(60)
    assert "from its command" in rig.reason


def test_each_chunk_begins_at_rest_where_the_arm_is(rig):
    rig.in_motion(ticks=60)
    for step in range(3):
        # Somebody else drives it, farther than max_start_distance in all.
        rig.here = np.full(6, 0.4 * (step + 1))
        rig.rest(0.01)
        rig.send(np.tile(rig.here, (50, 1)))
        rig.run(5)
        report = rig.loop.report()
        assert report.position == pytest.approx(rig.here)
        assert report.velocity == pytest.approx(np.zeros(6), abs=1e-9)
        rig.run(20)
    assert rig.loop.report().rejected == {}
    assert (rig.loop.report().peak_velocity <= rig.limits.velocity).all()


def test_a_chunk_far_from_the_arm_is_rejected_as_it_would_be_in_earnest(rig):
    rig.in_motion(ticks=60)
    planned = rig.loop.report().position
    assert np.abs(planned).max() > rig.config.max_start_distance_rad
    assert rig.refusal(np.tile(planned, (50, 1))) == "start distance"
    rig.tick()
    assert rig.state is ControlState.RUN
    assert rig.loop.report().chunk_sequence == 1


def test_an_arm_that_moves_can_be_watched_and_one_outside_its_limits_cannot():
    rig = UnheardRig(ControlConfig(dry_run=True))
    rig.rest()
    rig.here = np.full(6, 0.1)
    rig.rest(0.01)
    rig.loop.activate(rig.now_ns, rig.arm_ns)
    rig.loop.deactivate()
    rig.here = six_joints().upper + 0.1
    rig.rest()
    with pytest.raises(ControlRefused, match="outside"):
        rig.loop.activate(rig.now_ns, rig.arm_ns)


def test_what_else_would_latch_latches(rig):
    rig.in_motion()
    rig.here = six_joints().upper + 0.1
    rig.tick()
    assert rig.state is ControlState.LATCHED
    assert "outside" in rig.reason
