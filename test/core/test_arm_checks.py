"""What is wrong with the measured arm is said joint by joint."""

import numpy as np
import pytest

from pi0_ros.core.arm_checks import moving, off_plan, outside_limits, takeover_problems
from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.measured_state import MeasuredState

from .arms import SIX_JOINTS, six_joints

ARM = six_joints()
MS = 1_000_000


@pytest.mark.parametrize("joint", range(6))
def test_a_joint_outside_its_limits_by_more_than_a_hundredth_is_named(joint):
    for limit, outward in ((ARM.upper, 1.0), (ARM.lower, -1.0)):
        position = np.zeros(6)
        position[joint] = limit[joint] + outward * 0.0099
        assert outside_limits(ARM, position) == ()
        position[joint] = limit[joint] + outward * 0.0101
        (sentence,) = outside_limits(ARM, position)
        assert f"joint_limits.joint_{joint + 1}" in sentence


def test_a_joint_at_the_very_bound_is_not_named_beside_one_outside():
    for low, high in ((0, 1), (1, 0)):
        position = np.zeros(6)
        position[low], position[high] = ARM.lower[low] - 0.01, ARM.upper[high] + 0.01
        assert outside_limits(ARM, position) == ()
        position[5] = 9.0
        (sentence,) = outside_limits(ARM, position)
        assert sentence.startswith("joint_6 ")


def test_every_joint_outside_gets_a_sentence():
    assert len(outside_limits(ARM, np.full(6, 9.0))) == 6
    assert len(outside_limits(ARM, np.full(6, np.nan))) == 6


def test_a_joint_faster_than_rest_is_named():
    speed = np.array([0.0, 0.05, 0.0, 0.0, 0.0, 0.051])
    (sentence,) = moving(ARM, speed, 0.05)
    assert sentence.startswith("joint_6 moves at 0.051 rad/s")
    assert len(moving(ARM, np.full(6, np.nan), 0.05)) == 6


def test_speed_that_is_not_known_is_not_rest():
    (sentence,) = moving(ARM, None, 0.05)
    assert sentence == "joint_states: received for too short to tell whether the arm is at rest"


def test_the_joint_farthest_from_its_command_is_named():
    planned, measured = np.zeros(6), np.array([0.1, 0.2, -0.3, 0.0, 0.0, 0.0])
    assert off_plan(ARM, planned, measured, 0.3) == ()
    (sentence,) = off_plan(ARM, planned, measured, 0.29)
    assert sentence.startswith("joint_3 is 0.300 rad from its command")
    assert off_plan(ARM, np.full(6, 0.4), np.full(6, 0.4), 0.01) == ()


def _measured(position: float, speed: float = 0.0, samples: int = 11) -> MeasuredState:
    state = MeasuredState(SIX_JOINTS)
    for sample in range(samples):
        at = sample * 10 * MS
        state.add(at, SIX_JOINTS, [position + speed * at / 1e9] * 6, at, at)
    return state


def _problems(measured: MeasuredState, after_ms: int = 0) -> tuple[str, ...]:
    now = (100 + after_ms) * MS
    return takeover_problems(ARM, ControlConfig(), measured, now, now)


def test_an_arm_at_rest_inside_its_limits_can_be_taken_over():
    assert _problems(_measured(0.5)) == ()


def test_an_arm_cannot_be_taken_over_unseen_stale_outside_or_moving():
    assert _problems(MeasuredState(SIX_JOINTS)) == ("joint_states: nothing valid received yet",)
    assert _problems(_measured(0.5), after_ms=80) == ()
    assert "stale" in _problems(_measured(0.5), after_ms=101)[0]
    assert len(_problems(_measured(-1.5))) == 3
    assert "must be at rest" in _problems(_measured(0.5, speed=0.1))[0]
    assert "too short" in _problems(_measured(0.5, samples=1), after_ms=-90)[0]


def test_in_a_dry_run_the_arm_may_move_but_not_be_outside():
    dry, now = ControlConfig(dry_run=True), 100 * MS
    assert takeover_problems(ARM, dry, _measured(0.5, speed=0.1), now, now) == ()
    assert len(takeover_problems(ARM, dry, _measured(-1.5), now, now)) == 3
