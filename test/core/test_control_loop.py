"""Activation, playing and reporting: what leaves for the arm while all is well."""

import threading
from contextlib import suppress

import numpy as np
import pytest

from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.control_loop import ControlLoop
from pi0_ros.core.control_state import ControlState
from pi0_ros.core.errors import ControlRefused, InputRefused
from pi0_ros.core.limits import ArmLimits

from .arms import SIX_JOINTS, STEP_NS, six_joints
from .rig import GOAL, Rig


def test_an_inactive_controller_does_nothing():
    rig = Rig()
    assert rig.state is ControlState.INACTIVE
    rig.rest()
    for refused in (rig.tick, rig.reset, lambda: rig.loop.hold("by hand")):
        with pytest.raises(ControlRefused):
            refused()
    assert rig.refusal(np.zeros((50, 6))) == "inactive"


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
    rig.in_motion()
    assert rig.refusal(np.full((50, 6), np.nan)) == "not finite"
    rig.loop.deactivate()
    rig.rest(1.0)
    rig.activate()
    report = rig.loop.report()
    assert (report.chunks_accepted, report.rejected) == (0, {})
    assert not report.peak_velocity.any()
    assert report.limited_ticks == (0,) * 6


def test_a_deactivated_controller_forgets_its_chunk(rig):
    rig.in_motion()
    rig.loop.deactivate()
    assert rig.loop.report().chunk_sequence == 0
    rig.rest(1.0)
    rig.activate()
    rig.run(5)
    assert rig.state is ControlState.HOLD


def test_a_policy_that_counts_from_the_beginning_again_is_played_after_an_activation_only(rig):
    first = {"epoch": 1_700_000_000, "sequence": 1}
    anew = {"epoch": 0, "sequence": 0}
    rig.send(rig.way_to(GOAL), **first)
    rig.loop.hold("by hand")
    rig.until_rest()
    rig.rest()
    rig.reset()
    assert rig.refusal(rig.way_to(GOAL), **anew) == "old epoch"
    rig.loop.deactivate()
    rig.rest(1.0)
    before = rig.chunk(rig.way_to(GOAL), **first)
    rig.activate()
    with pytest.raises(InputRefused) as caught:
        rig.loop.add_chunk(before, rig.now_ns)
    assert caught.value.kind == "before hold"
    rig.send(rig.way_to(GOAL), **anew)
    rig.tick()
    assert rig.state is ControlState.RUN


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
    rig.in_motion()
    before = rig.loop.report().velocity
    rows = rig.way_to(GOAL) + 0.05
    rig.send(rows)
    rig.tick()
    # A jump of 0.05 rad wanted at once would take all the acceleration there is.
    change = np.abs(rig.loop.report().velocity - before) / 0.02
    assert (change < 0.9 * rig.limits.acceleration).all()


def test_a_new_instruction_starts_from_the_plan_not_from_the_old_chunk(rig):
    rig.in_motion()
    old = rig.loop.report().position
    rig.send(rig.way_to(np.zeros(6)), epoch=2)
    rig.run(40)
    rig.check()
    assert (np.abs(rig.measured()) < np.abs(old)).all()
    assert rig.refusal(rig.way_to(GOAL), epoch=1) == "old epoch"


def test_a_new_instruction_drops_what_the_old_one_still_wanted():
    arm = six_joints()
    weak = ArmLimits(SIX_JOINTS, arm.lower, arm.upper, arm.velocity, np.full(6, 0.5))
    rig = Rig(ControlConfig(blend_s=1.0), weak)
    rig.activate()
    rig.tick()
    rig.send(np.full((50, 6), 0.45))
    rig.run(20)
    report = rig.loop.report()
    stops_at = report.position + report.velocity**2 / (2.0 * 0.5)
    # The old target is far ahead of the arm; the new instruction wants it to stay here.
    rig.send(np.tile(report.position, (50, 1)), epoch=2)
    farthest = report.position
    for _ in range(70):
        rig.tick()
        farthest = np.maximum(farthest, rig.measured())
    assert (farthest < stops_at + 0.01).all()


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
    assert rig.tick().state_changed
    assert not rig.tick().state_changed


def test_both_commands_of_a_tick_agree(rig):
    rig.send(rig.way_to(GOAL))
    for _ in range(20):
        command = rig.tick()
        # One row has begun, the next is of now.
        assert np.array_equal(command.trajectory.positions[2], command.position)


def test_chunks_are_counted_by_what_became_of_them(rig):
    rig.send(rig.way_to(GOAL))
    rig.send(rig.way_to(GOAL))
    for _ in range(2):
        assert rig.refusal(np.full((50, 6), np.nan)) == "not finite"
    assert rig.refusal(rig.way_to(GOAL), sequence=1) == "out of order"
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
