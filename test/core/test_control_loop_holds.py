"""What stops the arm, how it comes to rest, and what makes it go on."""

import numpy as np
import pytest

from pi0_ros.core.control_state import ControlState
from pi0_ros.core.errors import ControlRefused, InputRefused
from pi0_ros.core.loop_clock import LoopClock

from .arms import STEP_NS, six_joints
from .rig import GOAL, Rig


def test_joints_gone_stale_hold_and_a_fresh_chunk_goes_on(rig):
    rig.in_motion()
    old = rig.chunk(rig.way_to(GOAL))
    rig.tick(late_ticks=6.0, sense=False)
    assert rig.state is ControlState.HOLD
    assert rig.reason == "joint_states: stale"
    while not rig.stands():
        rig.tick(sense=False)
    rig.check()
    rig.run(3)
    assert rig.state is ControlState.HOLD
    with pytest.raises(InputRefused) as caught:
        rig.loop.add_chunk(old, rig.now_ns)
    assert caught.value.kind == "before hold"
    rig.send(rig.way_to(GOAL))
    rig.tick()
    assert rig.state is ControlState.RUN


def test_a_chunk_that_runs_out_holds(rig):
    rig.send(rig.way_to(GOAL, rows=15))
    ticks = 0
    while rig.state is not ControlState.RUN or ticks == 0:
        rig.tick()
        ticks += 1
    while rig.state is ControlState.RUN:
        rig.tick()
        ticks += 1
        assert ticks < 60
    assert "chunk 1 ran out" in rig.reason
    rig.until_rest()
    rig.check()


def test_a_chunk_that_runs_out_in_motion_ends_on_its_line_without_turning_back(rig):
    steps = np.arange(30)[:, np.newaxis] * STEP_NS / 1e9
    direction = 0.5 * rig.limits.velocity / np.sqrt(np.arange(1, 7))
    start = rig.measured()
    rig.send(start + steps * direction)
    path = []
    for _ in range(70):
        rig.tick()
        path.append(rig.measured())
    moved = np.diff(path, axis=0)
    assert (moved >= -1e-9).all()
    assert rig.stands()
    last_row = start + 29 * STEP_NS / 1e9 * direction
    overrun = rig.measured() - last_row
    assert (overrun > 0.0).all()
    # Braking keeps the direction in joint space.
    np.testing.assert_allclose(overrun / direction, (overrun / direction).mean(), rtol=1e-6)


def test_a_tracking_error_latches_within_one_joint_state(rig):
    rig.in_motion()
    rig.arm_ns += 1_000_000
    rig.sense(offset=np.array([0.0, 0.0, 0.0, 0.0, 0.0, -0.25]))
    rig.tick(sense=False)
    assert rig.state is ControlState.LATCHED
    assert rig.reason.startswith("joint_6 is 0.2")
    assert "pi0_controller/reset" in rig.reason


def test_lag_of_a_real_arm_is_no_tracking_error(rig):
    rig.in_motion()
    rig.arm_ns += 1_000_000
    rig.sense(offset=-0.04 * rig.limits.velocity)
    rig.tick(sense=False)
    assert rig.state is ControlState.RUN


def test_a_late_tick_is_no_tracking_error(rig):
    rig.in_motion()
    rig.send(rig.way_to(2.0 * GOAL, speed=0.95))
    rig.run(15)
    rig.tick(late_ticks=14.0)
    assert rig.state is ControlState.RUN
    rig.check()


@pytest.mark.parametrize(("outside", "state"), [(0.009, "HOLD"), (0.011, "LATCHED")])
def test_an_arm_measured_outside_its_limits_latches_within_one_joint_state(outside, state):
    arm = six_joints()
    rig = Rig(at=arm.upper.copy())
    rig.activate()
    rig.tick()
    rig.arm_ns += 1_000_000
    rig.sense(offset=outside)
    rig.tick(sense=False)
    assert rig.state.name == state
    if state == "LATCHED":
        assert "outside" in rig.reason


def test_an_arm_that_starts_a_little_outside_only_moves_inward():
    arm = six_joints()
    rig = Rig(at=arm.upper + 0.009)
    rig.activate()
    rig.tick()
    rig.send(np.tile(arm.upper, (50, 1)))
    before = rig.measured()
    for _ in range(30):
        rig.tick()
        assert (rig.measured() <= before + 1e-12).all()
        before = rig.measured()
    np.testing.assert_allclose(rig.measured(), arm.upper, atol=1e-9)


def test_a_hold_by_hand_brakes_and_latches(rig):
    rig.in_motion()
    rig.loop.hold("stop pressed")
    assert rig.reason.startswith("stop pressed")
    assert rig.refusal(rig.way_to(GOAL)) == "latched"
    rig.tick()
    rig.check()
    with pytest.raises(ControlRefused, match="still braking"):
        rig.reset()
    rig.until_rest()
    rig.rest()
    rig.reset()
    assert rig.state is ControlState.HOLD
    rig.send(rig.way_to(GOAL))
    rig.run(10)
    assert rig.state is ControlState.RUN


def test_a_latched_arm_is_told_how_to_rest_and_then_nothing_until_the_reset(rig):
    rig.in_motion()
    rig.loop.hold("stop pressed")
    told = []
    while not told or not told[-1].repeats:
        told.append(rig.tick())
        assert len(told) < 100
    *needed, first_repeat = told
    assert [command.at_rest for command in needed] == [False] * (len(needed) - 1) + [True]
    # All that is left out was said before.
    last, repeat = needed[-1].trajectory, first_repeat.trajectory
    for time_ns, row in zip(repeat.times_ns, repeat.positions, strict=True):
        said = np.searchsorted(last.times_ns, time_ns).clip(max=len(last.times_ns) - 1)
        assert np.array_equal(last.positions[said], row)
    if rig.config.command_interface == "forward_position":
        assert np.array_equal(needed[-1].position, first_repeat.position)
    assert rig.tick().repeats
    rig.rest()
    rig.reset()
    assert not rig.tick().repeats


def test_an_arm_that_holds_at_rest_is_told_so_at_every_tick(rig):
    assert [rig.tick().repeats for _ in range(10)] == [False] * 10


def test_reset_takes_the_arm_where_it_is_now(rig):
    rig.loop.hold("protective stop")
    rig.run(3)
    rig._stand_at(np.full(6, 0.3))
    rig.rest()
    rig.reset()
    rig.run(3)
    np.testing.assert_allclose(rig.loop.report().position, 0.3)
    assert rig.state is ControlState.HOLD


@pytest.mark.parametrize(("share", "keeps"), [(0.9, True), (1.1, False)])
def test_reset_goes_on_from_the_command_where_the_arm_stands_on_it(rig, share, keeps):
    rig.loop.hold("protective stop")
    rig.run(3)
    told = rig.loop.report().position
    lag = np.zeros(6)
    lag[5] = share * rig.limits.acceleration[5] * rig.config.tick_s**2
    rig._stand_at(told + lag)
    rig.rest()
    rig.reset()
    rig.run(3)
    np.testing.assert_array_equal(rig.loop.report().position, told if keeps else told + lag)


def test_reset_is_refused_where_nothing_is_latched_or_the_arm_cannot_be_taken_over(rig):
    with pytest.raises(ControlRefused, match="nothing to reset: the state is HOLD"):
        rig.reset()
    rig.loop.hold("held")
    rig.run(3)
    rig.arm_ns += 300_000_000
    with pytest.raises(ControlRefused, match="stale"):
        rig.reset()
    assert rig.state is ControlState.LATCHED


def test_a_clock_set_back_holds_and_the_arm_brakes_on_its_way(rig):
    rig.in_motion()
    old = rig.chunk(rig.way_to(GOAL))
    rig.shift_ns -= 30_000_000_000
    rig.tick()
    assert rig.state is ControlState.HOLD
    assert rig.reason == "the clock stepped back"
    with pytest.raises(InputRefused) as caught:
        rig.loop.add_chunk(old, rig.now_ns)
    assert caught.value.kind == "future"
    rig.until_rest()
    rig.check()
    assert rig.measured().any()
    rig.send(rig.way_to(GOAL))
    rig.run(5)
    assert rig.state is ControlState.RUN


def test_a_clock_set_back_leaves_a_latch(rig):
    rig.loop.hold("held")
    rig.shift_ns -= 30_000_000_000
    rig.tick()
    assert rig.state is ControlState.LATCHED
    assert rig.reason.startswith("held")


def test_a_clock_set_back_with_no_joint_states_after_it_holds(rig):
    rig.in_motion()
    rig.shift_ns -= 30_000_000_000
    rig.tick(sense=False)
    assert rig.state is ControlState.HOLD
    assert rig.reason == "the clock stepped back"


@pytest.mark.parametrize("ahead_s", [0.5, 30.0, 1e7])
def test_a_clock_that_jumps_ahead_holds_at_the_next_tick_and_goes_on_afterwards(rig, ahead_s):
    rig.in_motion()
    old = rig.chunk(rig.way_to(GOAL))
    rig.shift_ns += round(ahead_s * 1e9)
    if rig.config.command_interface == "joint_trajectory":
        # An arm that plays by this clock is at the end of what it had at once, and at rest.
        rig.restart_curve()
    rig.tick()
    assert rig.state is ControlState.HOLD
    assert rig.reason.startswith("the clock jumped ahead by ")
    with pytest.raises(InputRefused):
        rig.loop.add_chunk(old, rig.now_ns)
    rig.run(50)
    rig.send(rig.way_to(GOAL))
    rig.run(5)
    assert rig.state is ControlState.RUN
    rig.check()


def test_a_fast_simulation_with_late_ticks_is_no_jump_ahead():
    clock = LoopClock()
    clock.restart(0, 0)
    now_ns, steady_ns = 0, 0
    for late_ns in (0, 0, 20_000_000, 5_000_000, 0):
        steady_ns += 2_000_000 + late_ns
        now_ns += 10 * (2_000_000 + late_ns)
        assert clock.tick(now_ns, steady_ns) == (0, 0.0)
    assert clock.tick(now_ns + 110_000_000, steady_ns + 500_000) == (0, 0.1095)


def test_a_clock_set_back_while_inactive_is_no_matter():
    rig = Rig()
    rig.rest()
    rig.shift_ns -= 30_000_000_000
    rig.activate()
    rig.send(rig.way_to(GOAL))
    rig.run(20)
    assert rig.state is ControlState.RUN
    rig.check()
