"""A moving average bounds the jerk, keeps every other limit and every promise, and ends at rest."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.control_state import ControlState
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.jerk_filter import FilteredPlan, filter_ticks
from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.motion_plan import MotionPlan
from pi0_ros.core.planner import Planner
from pi0_ros.core.playback import Playback

from .arms import STEP_NS, assert_within_limits, chunk, playing, six_joints
from .rig import GOAL, Rig
from .wild_day import GAPS, present_ns, wild_day

TICK = 20_000_000
START = 777_000_000_000


def _arm(jerk: float = 60.0, joint: int = 2) -> ArmLimits:
    """Six joints, of which one has a jerk limit."""
    arm = six_joints()
    return replace(arm, jerk=np.where(np.arange(6) == joint, jerk, np.inf))


@pytest.mark.parametrize(
    ("jerk", "ticks"), [(np.inf, 1), (600.0, 1), (599.0, 2), (300.0, 2), (60.0, 10), (59.0, 11)]
)
def test_the_fewest_ticks_that_keep_the_limit(jerk, ticks):
    # 2 a / (n dt) with a = 6 rad/s2 and dt = 0.02 s.
    assert filter_ticks(_arm(jerk), 0.02) == ticks


def test_the_joint_that_needs_most_decides_for_all():
    arm = replace(six_joints(), jerk=np.array([100.0, 100.0, 100.0, 100.0, 30.0, np.inf]))
    assert filter_ticks(arm, 0.02) == 25


def test_a_limit_that_would_delay_by_over_a_second_names_its_joint_and_the_least_one():
    assert filter_ticks(_arm(12.0), 0.02) == 50
    with pytest.raises(ConfigurationError) as caught:
        filter_ticks(_arm(11.9), 0.02)
    assert str(caught.value) == (
        "joint_limits.joint_3.max_jerk must be at least 12, twice max_acceleration per second, "
        "got 11.9: the arm would come to rest over 1 s late"
    )


def test_a_slow_controller_needs_no_filter_or_cannot_have_one():
    assert filter_ticks(_arm(60.0), 2.0) == 1
    assert filter_ticks(_arm(20.0), 0.5) == 2
    with pytest.raises(ConfigurationError, match="over 1 s late"):
        filter_ticks(_arm(15.0), 0.6)


def test_each_row_is_the_mean_of_those_up_to_it():
    plan = FilteredPlan(MotionPlan(10, np.array([[0.0], [3.0], [6.0], [6.0]])), 3)
    assert plan.between(9, 16)[:, 0].tolist() == [0.0, 0.0, 1.0, 3.0, 5.0, 6.0, 6.0, 6.0]
    assert plan.last == 15
    assert plan.position(12).tolist() == [3.0]


def test_two_ticks_are_averaged_too():
    plan = FilteredPlan(MotionPlan(0, np.array([[0.0], [2.0], [6.0]])), 2)
    assert plan.between(0, 4)[:, 0].tolist() == [0.0, 1.0, 4.0, 6.0, 6.0]


# The mean of three times 0.1 is above 0.1, and that of three times -0.1 below.
@example(3, 0.1, 1.0)
@example(3, -0.1, -1.0)
@given(st.integers(2, 60), st.floats(-4.0, 4.0), st.sampled_from([-1.0, 1.0]))
def test_rest_is_exact_from_whichever_side_it_was_reached(ticks, at, side):
    rows = np.vstack([np.full((3, 1), at + side), np.full((ticks + 3, 1), at)])
    played = FilteredPlan(MotionPlan(0, rows), ticks).between(0, 99)
    assert (played[3 + ticks :] == at).all()


def test_rest_is_rest_only_when_the_memory_rests():
    plan = FilteredPlan(MotionPlan(10, np.array([[0.0], [3.0], [6.0], [6.0]])), 3)
    assert [tick for tick in range(9, 18) if plan.at_rest_from(tick)] == [14, 15, 16, 17]
    assert plan.position(14).tolist() == plan.position(99).tolist() == [6.0]


def test_with_one_tick_it_is_the_plan_bit_for_bit():
    rows = np.random.default_rng(1).uniform(-3.0, 3.0, (20, 6))
    plan = MotionPlan(5, rows)
    assert np.array_equal(FilteredPlan(plan, 1).between(0, 40), plan.between(0, 40))
    assert FilteredPlan(plan, 1).last == plan.last


@given(st.integers(2, 60), st.floats(-4.0, 4.0), st.integers(0, 2**32 - 1))
def test_a_mean_lies_among_its_rows_and_rests_exactly_where_they_do(ticks, at, seed):
    random = np.random.default_rng(seed)
    rows = at + np.vstack([random.uniform(-1e-9, 0.0, (30, 2)), np.zeros((ticks + 3, 2))])
    played = FilteredPlan(MotionPlan(0, rows), ticks).between(-5, 100)
    assert (played <= at).all()
    assert (played >= rows.min(axis=0)).all()
    assert (played[30 + ticks + 5 :] == at).all()


def _planner(arm: ArmLimits, **changes) -> Planner:
    planner = Planner(arm, ControlConfig(**changes))
    planner.start(np.zeros(6), START)
    return planner


def _motion(arm: ArmLimits, speed: float = 0.8) -> Playback:
    rows = np.arange(50)[:, np.newaxis] * STEP_NS / 1e9 * speed * arm.velocity
    return playing(arm, chunk(rows, stamp_ns=START), START)


def _assert_jerk(arm: ArmLimits, dt_s: float, rows: np.ndarray) -> None:
    change = np.abs(np.diff(rows, n=3, axis=0)).max(axis=0, initial=0.0)
    rounding = 100.0 * np.finfo(np.float64).eps * np.abs(rows).max()
    assert (change <= arm.jerk * dt_s**3 * (1 + 1e-9) + rounding).all()


@pytest.mark.parametrize("interface", ["joint_trajectory", "forward_position"])
def test_everything_that_leaves_is_filtered_by_one_average_for_all_joints(interface):
    arm = _arm()
    planner = _planner(arm, command_interface=interface)
    raw = _planner(six_joints(), command_interface=interface)
    rows, plain = [np.zeros(6)] * 3, [np.zeros(6)] * 10
    for tick in range(1, 90):
        playback = _motion(arm) if tick < 40 else None
        planner.advance(START + tick * TICK, playback)
        raw.advance(START + tick * TICK, playback)
        rows.append(planner.next_position())
        plain.append(raw.next_position())
        np.testing.assert_allclose(rows[-1], np.mean(plain[-10:], axis=0), atol=1e-12)
        assert np.array_equal(planner.promised_position, raw.promised_position)
        assert np.array_equal(planner.final_position, raw.final_position)
    _assert_jerk(arm, 0.02, np.array(rows))
    assert_within_limits(arm, 0.02, np.array(rows))
    # From rest into full acceleration half of it is needed, all of it from one extreme to another.
    third = np.abs(np.diff(rows, n=3, axis=0)).max(axis=0) / 0.02**3
    assert third[2] == pytest.approx(30.0)
    assert planner.record.peak_acceleration[2] <= 6.0 * (1 + 1e-9)


def test_what_is_promised_is_in_every_later_message():
    planner, before = _planner(_arm(), lead_ticks=3), None
    for tick in range(90):
        planner.advance(START + tick * TICK, _motion(six_joints()) if tick < 30 else None)
        trajectory = planner.trajectory()
        assert np.array_equal(trajectory.positions[-1], trajectory.positions[-2])
        if before is not None:
            kept = before.positions[1:6]
            assert np.array_equal(kept, trajectory.positions[: len(kept)])
        assert np.array_equal(planner.planned_at(START + tick * TICK), trajectory.positions[1])
        before = trajectory


def test_at_rest_counts_what_is_still_in_the_average():
    planner, raw = _planner(_arm()), _planner(six_joints())
    rests, plain = [], []
    for tick in range(60):
        playback = _motion(six_joints()) if tick < 20 else None
        planner.advance(START + tick * TICK, playback)
        raw.advance(START + tick * TICK, playback)
        rests.append(planner.at_rest)
        plain.append(raw.at_rest)
    assert rests.index(True, 20) == plain.index(True, 20) + 9


def test_the_record_is_of_what_is_commanded_and_the_displacement_of_what_is_limited():
    planner = _planner(_arm())
    rows = [np.zeros(6)] * 2
    for tick in range(1, 60):
        planner.advance(START + tick * TICK, _motion(six_joints(), 0.3))
        rows.append(planner.commanded_position)
        if tick > 40:
            assert (planner.record.displacement < 1e-6).all()
    velocities = np.diff(rows, axis=0) / 0.02
    np.testing.assert_allclose(planner.record.velocity, velocities[-1], rtol=1e-9)
    accelerations = np.abs(np.diff(velocities, axis=0) / 0.02).max(axis=0)
    np.testing.assert_allclose(planner.record.peak_acceleration, accelerations, rtol=1e-9)


def test_without_jerk_limits_every_message_is_as_it_was():
    planner = _planner(six_joints())
    unlimited = _planner(replace(six_joints(), jerk=np.full(6, 1e9)))
    for tick in range(40):
        for one in (planner, unlimited):
            one.advance(START + tick * TICK, _motion(six_joints()))
        assert np.array_equal(planner.trajectory().positions, unlimited.trajectory().positions)


@settings(max_examples=60)
@given(
    st.sampled_from([30.0, 50.0, 125.0]),
    st.sampled_from([15.0, 60.0, 200.0]),
    st.integers(1, 3),
    st.integers(0, 2**32 - 1),
    GAPS,
)
def test_whatever_comes_the_jerk_and_every_other_limit_hold(rate, jerk, lead, seed, gaps):
    arm = replace(six_joints(), jerk=jerk + np.arange(6.0))
    config = ControlConfig(control_rate_hz=rate, lead_ticks=lead)
    rig, messages = wild_day(config, seed, gaps, arm)
    rig.check()
    rig.check_as_sampled()
    dt_s = config.tick_s
    # The arm stood at 0 before the first message.
    played = [np.zeros((3, 6))]
    for (_, message), (_, following) in pairwise(messages[1:]):
        ticks = (present_ns(following, config) - present_ns(message, config)) // config.tick_ns
        first = (present_ns(message, config) - int(message.times_ns[0])) // config.tick_ns
        rows = message.positions[first:]
        _assert_jerk(arm, dt_s, message.positions)
        played.append(rows[np.minimum(np.arange(ticks), len(rows) - 1)])
    _assert_jerk(arm, dt_s, np.concatenate(played))


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), GAPS)
def test_single_positions_keep_the_jerk_from_sample_to_sample(seed, gaps):
    arm = replace(six_joints(), jerk=np.full(6, 60.0))
    rig, _ = wild_day(ControlConfig(command_interface="forward_position"), seed, gaps, arm)
    rig.check()
    _assert_jerk(arm, 0.02, np.array(rig.sent))


def _tightened(rig: Rig, limits: ArmLimits) -> bool:
    """False where that is refused because of motion."""
    try:
        rig.loop.tighten(limits)
    except ConfigurationError as error:
        if "only at rest" not in str(error):
            raise
        return False
    return True


def test_limits_are_tightened_only_when_the_average_is_at_rest():
    rig = Rig(limits=_arm(20.0))
    rig.activate()
    rig.in_motion(60)
    rig.loop.hold("for the test")
    narrow = replace(rig.limits, velocity=0.5 * rig.limits.velocity)
    refused = 0
    while not _tightened(rig, narrow):
        refused += 1
        rig.tick()
    # 29 ticks of memory, beside the braking.
    assert refused > 29
    rig.until_rest()
    rig.check()
    assert rig.loop.report().limits is narrow


def test_a_jerk_limit_is_not_tightened_at_run_time_unless_the_average_keeps_it_already():
    rig = Rig(limits=_arm(59.0))
    rig.activate()
    rig.tick()
    # 11 ticks keep 54.5 rad/s3.
    rig.loop.tighten(_arm(55.0))
    with pytest.raises(
        ConfigurationError, match=r"^max_jerk cannot be tightened at run time: "
    ) as it:
        rig.loop.tighten(_arm(54.0))
    assert str(it.value).endswith(": configure the controller anew")
    assert rig.loop.report().limits.jerk[2] == 55.0
    with pytest.raises(ConfigurationError, match="never loosened"):
        rig.loop.tighten(_arm(56.0))


def test_the_arm_is_compared_with_the_filtered_plan_and_gets_where_it_is_to_go():
    rig = Rig(ControlConfig(tracking_tolerance_rad=0.001), _arm(15.0))
    rig.activate()
    rig.send(rig.way_to(GOAL, rows=120, speed=0.9))
    for _ in range(150):
        rig.tick()
        assert rig.state is ControlState.RUN or "ran out" in rig.reason or "waiting" in rig.reason
    np.testing.assert_allclose(rig.measured(), GOAL, atol=1e-3)
    rig.until_rest()
    np.testing.assert_allclose(rig.loop.report().position, rig.measured(), rtol=0, atol=1e-12)


def test_a_loop_whose_jerk_limit_is_too_low_is_not_made():
    with pytest.raises(ConfigurationError, match="max_jerk must be at least 12"):
        Rig(limits=_arm(1.0))
