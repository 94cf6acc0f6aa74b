"""The controller's states: what leads into each, what leaves for the arm, and what is reported."""

import threading
from contextlib import suppress

import numpy as np
import pytest

from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.control_loop import ControlLoop
from pi0_ros.core.control_state import ControlState
from pi0_ros.core.errors import ConfigurationError, ControlRefused, InputRefused
from pi0_ros.core.limits import ArmLimits

from .arms import SIX_JOINTS, STEP_NS, six_joints
from .rig import Rig

GOAL = np.array([0.8, 0.4, 1.0, -0.9, 0.9, 1.2])


@pytest.fixture(params=["joint_trajectory", "forward_position"])
def rig(request: pytest.FixtureRequest) -> Rig:
    """An active controller of an arm that stands."""
    rig = Rig(ControlConfig(command_interface=request.param))
    rig.activate()
    rig.tick()
    return rig


def _in_motion(rig: Rig, ticks: int = 20) -> None:
    rig.send(rig.way_to(GOAL))
    rig.run(ticks)
    assert rig.state is ControlState.RUN
    assert rig.loop.report().velocity.any()


def _refused(rig: Rig, rows: np.ndarray, **changes) -> str:
    with pytest.raises(InputRefused) as caught:
        rig.send(rows, **changes)
    return caught.value.kind


def _until_rest(rig: Rig) -> None:
    while not rig.stands():
        rig.tick()


# ---- activation ----


def test_an_inactive_controller_does_nothing():
    rig = Rig()
    assert rig.state is ControlState.INACTIVE
    rig.rest()
    for refused in (rig.tick, rig.reset, lambda: rig.loop.hold("by hand")):
        with pytest.raises(ControlRefused):
            refused()
    assert _refused(rig, np.zeros((50, 6))) == "inactive"


def test_activation_is_refused_with_all_reasons():
    rig = Rig(at=np.array([0.0, -1.3, 0.0, 0.0, 0.0, 3.1]))
    with pytest.raises(ControlRefused, match="nothing valid received"):
        rig.loop.activate(rig.now_ns, rig.arm_ns)
    rig.rest()
    with pytest.raises(ControlRefused, match=r"joint_2 is at -1\.300.*joint_6 is at 3\.100"):
        rig.loop.activate(rig.now_ns, rig.arm_ns)
    rig.arm_ns += 200_000_000
    assert "stale" in rig.loop.activation_problems(rig.now_ns, rig.arm_ns)[0]
    assert rig.state is ControlState.INACTIVE


def test_an_activated_controller_holds_where_the_arm_is_until_a_chunk_comes(rig):
    assert rig.state is ControlState.HOLD
    assert "waiting for a chunk" in rig.reason
    rig.run(20)
    assert not rig.measured().any()
    assert rig.state is ControlState.HOLD


def test_activation_starts_counting_anew(rig):
    _in_motion(rig)
    assert _refused(rig, np.full((50, 6), np.nan)) == "not finite"
    rig.loop.deactivate()
    rig.rest(1.0)
    rig.activate()
    report = rig.loop.report()
    assert (report.chunks_accepted, report.rejected) == (0, {})
    assert not report.peak_velocity.any()
    assert report.limited_ticks == (0,) * 6


def test_a_deactivated_controller_forgets_its_chunk(rig):
    _in_motion(rig)
    rig.loop.deactivate()
    assert rig.loop.report().chunk_sequence == 0
    rig.rest(1.0)
    rig.activate()
    rig.run(5)
    assert rig.state is ControlState.HOLD


# ---- playing ----


def test_a_chunk_is_played_in_time(rig):
    rows = rig.way_to(GOAL)
    chunk = rig.send(rows)
    rig.run(60)
    played_s = (rig.now_ns - chunk.stamp_ns) / 1e9
    due = rows[int(played_s / (STEP_NS / 1e9))]
    # The arm is where the policy wanted it now, up to a row and a smooth start.
    assert np.abs(rig.measured() - due).max() < 0.05
    assert rig.state is ControlState.RUN
    assert rig.reason == ""


def test_a_healthy_stream_of_jittery_chunks_never_stops_the_arm_nor_slows_it(rig):
    random, origin = np.random.default_rng(7), rig.now_ns
    amplitude = 0.3 * np.ones(6)

    def wanted(at_ns: int, rows: int = 1) -> np.ndarray:
        seconds = (at_ns - origin + np.arange(rows)[:, np.newaxis] * STEP_NS) / 1e9
        return amplitude * (1.0 - np.cos(1.5 * seconds))

    states, slow, errors = set(), [], []
    for tick in range(600):
        if tick % 7 == 0:
            captured = rig.now_ns - 130_000_000
            rows = wanted(captured, 50) + random.normal(0.0, 0.003, (50, 6))
            rig.send(rows, stamp_ns=captured) if tick else rig.send(wanted(rig.now_ns, 50))
        rig.tick(late_ticks=float(random.uniform(-0.3, 0.3)) if tick % 2 else 0.0)
        states.add(rig.state)
        slow.append(rig.loop.report().slow_down)
        errors.append(np.abs(rig.measured() - wanted(rig.now_ns)[0]).max())
    assert states == {ControlState.RUN}
    assert np.mean(slow) < 1.02
    assert max(errors) < 0.06


def test_a_new_chunk_of_the_same_instruction_is_blended_in(rig):
    _in_motion(rig)
    before = rig.loop.report().velocity
    rows = rig.way_to(GOAL) + 0.05
    rig.send(rows)
    rig.tick()
    # A jump of 0.05 rad wanted at once would take all the acceleration there is.
    change = np.abs(rig.loop.report().velocity - before) / 0.02
    assert (change < 0.9 * rig.limits.acceleration).all()


def test_a_new_instruction_starts_from_the_plan_not_from_the_old_chunk(rig):
    _in_motion(rig)
    old = rig.loop.report().position
    rig.send(rig.way_to(np.zeros(6)), epoch=2)
    rig.run(40)
    rig.check()
    assert (np.abs(rig.measured()) < np.abs(old)).all()
    assert _refused(rig, rig.way_to(GOAL), epoch=1) == "old epoch"


def test_a_new_instruction_drops_what_the_old_one_still_wanted(rig):
    start = rig.measured()
    rig.send(np.tile(start + 0.45, (50, 1)))
    rig.run(6)
    rests_at = rig.tick().trajectory.positions[-1]
    rig.send(np.tile(rig.loop.report().position, (50, 1)), epoch=2)
    farthest = start
    for _ in range(40):
        rig.tick()
        farthest = np.maximum(farthest, rig.measured())
    # The old target is 0.2 rad farther on; the arm does not go after it.
    assert (farthest < rests_at + 0.02).all()
    assert (rests_at < start + 0.3).all()


def test_motion_out_of_a_hold_starts_gently(rig):
    rows = np.tile(np.full(6, 0.2), (50, 1))
    rig.send(rows)
    rig.tick()
    assert (rig.loop.report().displacement < 0.02).all()
    rig.run(70)
    np.testing.assert_allclose(rig.measured(), 0.2, atol=1e-3)


def test_a_tick_tells_when_the_state_or_its_reason_changed(rig):
    assert not rig.tick().state_changed
    rig.send(rig.way_to(GOAL))
    assert rig.tick().state_changed
    assert not rig.tick().state_changed
    rig.loop.hold("a")
    assert not rig.tick().state_changed


def test_both_commands_of_a_tick_agree(rig):
    rig.send(rig.way_to(GOAL))
    for _ in range(20):
        command = rig.tick()
        assert np.array_equal(command.trajectory.positions[1], command.position)


# ---- holds ----


def test_joints_gone_stale_hold_and_a_fresh_chunk_goes_on(rig):
    _in_motion(rig)
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
    _until_rest(rig)
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
    _in_motion(rig)
    rig.arm_ns += 1_000_000
    rig.sense(offset=np.array([0.0, 0.0, 0.0, 0.0, 0.0, -0.25]))
    rig.tick(sense=False)
    assert rig.state is ControlState.LATCHED
    assert rig.reason.startswith("joint_6 is 0.2")
    assert "pi0_controller/reset" in rig.reason


def test_lag_of_a_real_arm_is_no_tracking_error(rig):
    _in_motion(rig)
    rig.arm_ns += 1_000_000
    rig.sense(offset=-0.04 * rig.limits.velocity)
    rig.tick(sense=False)
    assert rig.state is ControlState.RUN


def test_a_late_tick_is_no_tracking_error(rig):
    _in_motion(rig)
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
    _in_motion(rig)
    rig.loop.hold("stop pressed")
    assert rig.reason.startswith("stop pressed")
    assert _refused(rig, rig.way_to(GOAL)) == "latched"
    rig.tick()
    rig.check()
    with pytest.raises(ControlRefused, match="still braking"):
        rig.reset()
    _until_rest(rig)
    rig.rest()
    rig.reset()
    assert rig.state is ControlState.HOLD
    rig.send(rig.way_to(GOAL))
    rig.run(10)
    assert rig.state is ControlState.RUN


def test_reset_takes_the_arm_where_it_is_now(rig):
    rig.loop.hold("protective stop")
    rig.run(3)
    rig._stand_at(np.full(6, 0.3))
    rig.rest()
    rig.reset()
    rig.run(3)
    np.testing.assert_allclose(rig.loop.report().position, 0.3)
    assert rig.state is ControlState.HOLD


def test_reset_is_refused_where_nothing_is_latched_or_the_arm_cannot_be_taken_over(rig):
    with pytest.raises(ControlRefused, match="nothing to reset: the state is HOLD"):
        rig.reset()
    rig.loop.hold("held")
    rig.run(3)
    rig.arm_ns += 300_000_000
    with pytest.raises(ControlRefused, match="stale"):
        rig.reset()
    assert rig.state is ControlState.LATCHED


# ---- clocks ----


def test_a_clock_set_back_holds_and_the_arm_brakes_on_its_way(rig):
    _in_motion(rig)
    old = rig.chunk(rig.way_to(GOAL))
    rig.shift_ns -= 30_000_000_000
    rig.tick()
    assert rig.state is ControlState.HOLD
    assert rig.reason == "the clock stepped back"
    with pytest.raises(InputRefused) as caught:
        rig.loop.add_chunk(old, rig.now_ns)
    assert caught.value.kind == "future"
    _until_rest(rig)
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
    _in_motion(rig)
    rig.shift_ns -= 30_000_000_000
    rig.tick(sense=False)
    assert rig.state is ControlState.HOLD
    assert rig.reason == "joint_states: never received"


def test_a_clock_set_back_while_inactive_is_no_matter():
    rig = Rig()
    rig.rest()
    rig.shift_ns -= 30_000_000_000
    rig.activate()
    rig.send(rig.way_to(GOAL))
    rig.run(20)
    assert rig.state is ControlState.RUN
    rig.check()


# ---- limits at run time ----


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
    assert _refused(rig, np.tile(1.2 * narrow.upper, (50, 1))) == "position"
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
    _in_motion(rig)
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


# ---- report ----


def test_chunks_are_counted_by_what_became_of_them(rig):
    rig.send(rig.way_to(GOAL))
    rig.send(rig.way_to(GOAL))
    for _ in range(2):
        assert _refused(rig, np.full((50, 6), np.nan)) == "not finite"
    assert _refused(rig, rig.way_to(GOAL), sequence=1) == "out of order"
    report = rig.loop.report()
    assert report.chunks_accepted == 2
    assert report.rejected == {"not finite": 2, "out of order": 1}
    assert (report.chunk_sequence, report.epoch) == (2, 1)


def test_timing_is_reported_once_and_ages_only_while_running(rig):
    rig.loop.report()
    rig.run(3)
    report = rig.loop.report()
    assert report.tick_periods_s == pytest.approx([0.02] * 3)
    assert report.action_ages_s == ()
    rig.send(rig.way_to(GOAL))
    rig.run(2)
    assert rig.loop.report().action_ages_s == pytest.approx([0.02, 0.04])
    assert rig.loop.report().tick_periods_s == ()


def test_slow_down_of_the_chunk_in_play_is_reported(rig):
    assert rig.loop.report().slow_down == 1.0
    rig.send(rig.measured() + np.arange(28)[:, np.newaxis] * 0.1 * np.eye(6)[0])
    assert rig.loop.report().slow_down == pytest.approx(2.0, rel=1e-6)


def test_joint_6_is_limited_like_the_others(rig):
    rows = rig.measured() + 0.2 * np.arange(14)[:, np.newaxis] * np.eye(6)[5]
    rig.send(rows)
    rig.run(100)
    rig.check()
    report = rig.loop.report()
    fastest = dict(zip(SIX_JOINTS, report.peak_velocity, strict=True))["joint_6"]
    assert 2.4 < fastest <= 2.5 * (1 + 1e-9)
    assert report.peak_acceleration[5] <= 8.0 * (1 + 1e-9)


def test_methods_may_be_called_from_any_thread():
    rig = Rig()
    rig.activate()
    now, steady = rig.now_ns, rig.arm_ns
    together = threading.Barrier(4)
    failures: list[BaseException] = []

    def run(call) -> None:
        together.wait()
        try:
            for index in range(1, 150):
                call(index)
        except BaseException as failure:  # noqa: BLE001 -- handed to the test's own thread
            failures.append(failure)

    def tick(index: int) -> None:
        rig.loop.tick(now + index * 10_000_000, steady + index * 10_000_000)

    def sense(index: int) -> None:
        at = now + index * 10_000_000
        here = rig.loop.report().position.tolist()
        rig.loop.add_joint_state(at, SIX_JOINTS, here, at, steady + index * 10_000_000)

    def chunk(index: int) -> None:
        # The threads' clocks are out of step, so some are refused.
        with suppress(InputRefused):
            rig.send(np.tile(0.002 * index, (50, 6)), stamp_ns=now + index * 10_000_000)

    def report(index: int) -> None:
        report = rig.loop.report()
        assert (report.peak_acceleration <= rig.limits.acceleration * (1 + 1e-9)).all()

    threads = [threading.Thread(target=run, args=(call,)) for call in (tick, sense, chunk, report)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60.0)
        assert not thread.is_alive()
    assert failures == []


def test_a_loop_that_was_never_fed_reports_nothing_moving():
    report = ControlLoop(six_joints(), ControlConfig()).report()
    assert report.state is ControlState.INACTIVE
    assert not report.velocity.any()
    assert (report.chunk_sequence, report.slow_down) == (0, 1.0)
