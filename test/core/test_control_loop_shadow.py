"""In a dry run every chunk is compared with what the arm did, whether it was admitted or not."""

import numpy as np
import pytest

from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.control_state import ControlState
from pi0_ros.core.errors import InputRefused

from .rig import Rig
from .test_control_loop_dry_run import UnheardRig

JOINTS = np.arange(6)
# Rows a thirtieth of a second apart: 0.5 s is row 15.
AFTER_TICKS = 27


@pytest.fixture
def rig() -> UnheardRig:
    rig = UnheardRig(ControlConfig(dry_run=True))
    rig.activate()
    rig.tick()
    return rig


def away(rig: Rig, distance: float) -> np.ndarray:
    """Rows that stand still, each joint a little farther from the arm than the one before."""
    return np.tile(rig.measured() + distance + 0.01 * JOINTS, (50, 1))


def test_the_distance_to_an_arm_that_somebody_drives_is_reported(rig: UnheardRig) -> None:
    rig.send(away(rig, 0.1))
    rig.run(10)
    assert rig.loop.report().divergence.chunks == 0
    rig.here = np.full(6, -0.2)
    rig.run(AFTER_TICKS)
    found = rig.loop.report().divergence
    assert found.chunks == 1
    assert found.newest == pytest.approx(0.3 + 0.01 * JOINTS)
    assert found.rms == pytest.approx(0.3 + 0.01 * JOINTS)


def test_a_chunk_rejected_for_beginning_far_from_the_arm_counts(rig: UnheardRig) -> None:
    assert rig.refusal(away(rig, 0.7)) == "start distance"
    rig.run(AFTER_TICKS)
    report = rig.loop.report()
    assert report.chunks_accepted == 0
    assert report.divergence.newest == pytest.approx(0.7 + 0.01 * JOINTS)


def test_a_latched_controller_goes_on_comparing(rig: UnheardRig) -> None:
    rig.loop.hold("looked at")
    assert rig.refusal(away(rig, 0.1)) == "latched"
    rig.run(AFTER_TICKS)
    assert rig.state is ControlState.LATCHED
    assert rig.loop.report().divergence.chunks == 1


def test_speed_scale_does_not_change_what_the_policy_wanted() -> None:
    rig = UnheardRig(ControlConfig(dry_run=True, speed_scale=0.2))
    rig.activate()
    rig.tick()
    rows = np.linspace(0.0, 0.5, 50)[:, np.newaxis] * np.ones(6)
    rig.send(rows)
    rig.run(AFTER_TICKS)
    # Not row 3, where a fifth of the speed would be.
    assert rig.loop.report().divergence.newest == pytest.approx(rows[15], abs=1e-3)


def test_outside_a_dry_run_nothing_is_compared() -> None:
    rig = Rig()
    rig.activate()
    rig.tick()
    rig.send(away(rig, 0.1))
    rig.run(AFTER_TICKS)
    found = rig.loop.report().divergence
    assert (found.chunks, found.skipped) == (0, {})
    assert found.newest.shape == found.rms.shape == (0,)


def test_a_clock_set_back_drops_what_waits(rig: UnheardRig) -> None:
    rig.send(away(rig, 0.1))
    rig.run(5)
    rig.shift_ns -= 3_000_000_000
    rig.run(2)
    rig.send(away(rig, 0.2))
    # Past the time at which the chunk of before would be due.
    rig.run(200)
    found = rig.loop.report().divergence
    assert found.chunks == 1
    assert found.newest == pytest.approx(0.2 + 0.01 * JOINTS)


def test_counters_begin_anew_at_activation(rig: UnheardRig) -> None:
    rig.send(away(rig, 0.1))
    rig.run(AFTER_TICKS)
    rig.send(away(rig, 0.1))
    rig.loop.deactivate()
    rig.activate()
    rig.run(AFTER_TICKS)
    assert rig.loop.report().divergence.chunks == 0


def test_an_inactive_controller_compares_nothing() -> None:
    rig = UnheardRig(ControlConfig(dry_run=True))
    rig.rest()
    with pytest.raises(InputRefused):
        rig.send(np.zeros((50, 6)))
    rig.rest(0.6)
    assert rig.loop.report().divergence.chunks == 0
