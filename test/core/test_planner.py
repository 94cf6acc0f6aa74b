"""The plan keeps what it promised, ends at rest and survives late ticks and clock jumps."""

import numpy as np
import pytest

from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.planner import Planner
from pi0_ros.core.playback import Playback

from .arms import STEP_NS, assert_within_limits, chunk, playing, six_joints

ARM = six_joints()
TICK = 20_000_000
START = 777_000_000_000
# Row of the present tick in a message at 50 Hz.
NOW = 1


def _planner(**changes) -> Planner:
    planner = Planner(ARM, ControlConfig(**changes))
    planner.start(np.zeros(6), START)
    return planner


def _motion(stamp_ns: int = START, speed: float = 0.8) -> Playback:
    """Steady motion of all joints at `speed` of their limits."""
    rows = np.arange(50)[:, np.newaxis] * STEP_NS / 1e9 * speed * ARM.velocity
    return playing(ARM, chunk(rows, stamp_ns=stamp_ns), stamp_ns)


def test_a_started_plan_rests_where_the_arm_is():
    planner = _planner()
    planner.start(np.full(6, 0.5), START)
    assert planner.at_rest
    assert planner.promised_position.tolist() == planner.final_position.tolist() == [0.5] * 6
    trajectory = planner.trajectory()
    assert trajectory.times_ns.tolist() == [START - TICK, START, START + TICK]
    assert (trajectory.positions == 0.5).all()


@pytest.mark.parametrize(("rate", "begun"), [(20.0, 1), (50.0, 1), (51.0, 2), (1000.0, 20)])
def test_a_message_has_begun_when_it_is_sent_by_20_ms_and_by_a_tick(rate, begun):
    planner = _planner(control_rate_hz=rate)
    tick = round(1e9 / rate)
    planner.advance(START + 3 * tick + 7, _motion())
    times = planner.trajectory().times_ns
    assert times[0] == START + (3 - begun) * tick
    assert times[0] <= START + 3 * tick - 20_000_000
    assert (np.diff(times) == tick).all()


def test_what_a_message_repeats_of_the_past_is_what_was_played():
    planner, played = _planner(control_rate_hz=200.0), []
    for tick in range(30):
        planner.advance(START + tick * 5_000_000, _motion())
        rows = planner.trajectory().positions
        played.append(rows[4])
        assert np.array_equal(rows[:5], np.array([*[np.zeros(6)] * 4, *played])[-5:])
    assert played[-1].all()


def test_what_is_promised_is_in_every_later_message():
    planner, lead = _planner(lead_ticks=3), 3
    before = None
    for tick in range(60):
        planner.advance(START + tick * TICK, _motion() if tick < 30 else None)
        trajectory = planner.trajectory()
        if before is not None:
            # A message stays true until `lead` ticks after the next one.
            kept = before.positions[1 : lead + 2]
            assert np.array_equal(kept, trajectory.positions[: len(kept)])
        before = trajectory


def test_every_message_ends_at_rest_within_limits():
    planner = _planner()
    for tick in range(50):
        planner.advance(START + tick * TICK, _motion())
        rows = planner.trajectory().positions
        assert np.array_equal(rows[-1], rows[-2])
        assert_within_limits(ARM, 0.02, rows)


@pytest.mark.parametrize("missed", [1, 2, 4, 10, 100])
def test_a_late_tick_continues_from_the_braking_already_sent(missed):
    planner, sent = _planner(), []
    for tick in (*range(40), *range(40 + missed, 80 + missed)):
        planner.advance(START + tick * TICK, _motion())
        sent.append(planner.trajectory())
    played = [sent[0].sample(START)]
    newest = 0
    for tick in range(1, 80 + missed):
        while newest + 1 < len(sent) and sent[newest + 1].times_ns[0] <= START + tick * TICK:
            newest += 1
        played.append(sent[newest].sample(START + tick * TICK))
    assert_within_limits(ARM, 0.02, np.array(played))


def test_a_repeated_tick_plans_again_what_is_not_promised():
    planner = _planner()
    for tick in range(10):
        planner.advance(START + tick * TICK, _motion())
    first = planner.trajectory()
    planner.advance(START + 9 * TICK + 5, None)
    again = planner.trajectory()
    assert np.array_equal(first.positions[:3], again.positions[:3])
    assert again.times_ns[0] == first.times_ns[0]
    assert again.times_ns[-1] < first.times_ns[-1]


def test_time_before_the_last_tick_does_not_go_back():
    planner = _planner()
    planner.advance(START + 5 * TICK, _motion())
    planner.advance(START + 3 * TICK, _motion())
    assert planner.trajectory().times_ns[NOW] == START + 5 * TICK


def test_planned_positions_of_the_past_are_remembered():
    planner, planned = _planner(), {}
    for tick in range(45):
        planner.advance(START + tick * TICK, _motion())
        planned[tick] = planner.trajectory().positions[NOW]
    for tick in range(45):
        assert np.array_equal(planner.planned_at(START + tick * TICK + 3), planned[tick])
    assert not planner.planned_at(START - 10**12).any()


def test_while_a_tick_is_late_the_arm_goes_on_along_what_it_has():
    planner = _planner()
    for tick in range(45):
        planner.advance(START + tick * TICK, _motion())
    sent = planner.trajectory()
    for late in range(30):
        stamp = START + (44 + late) * TICK
        assert np.array_equal(planner.planned_at(stamp), sent.sample(stamp))
    assert np.array_equal(planner.planned_at(START + 99 * TICK), planner.final_position)


def test_forward_position_remembers_commands_by_their_age():
    planner, planned = _planner(command_interface="forward_position"), []
    for tick in range(40):
        planner.advance(START + tick * TICK, _motion())
        planned.append(planner.next_position())
    now = START + 39 * TICK
    # At the last tick the arm is where the command before was to bring it.
    assert np.array_equal(planner.planned_at(now), planned[-2])
    assert np.array_equal(planner.planned_at(now - 5 * TICK), planned[-7])
    # Until the next command it stands where this one brought it.
    assert np.array_equal(planner.planned_at(now + TICK), planned[-1])
    assert np.array_equal(planner.planned_at(now + 9 * TICK), planned[-1])


def test_forward_position_takes_one_step_a_tick_however_late_it_is():
    planner, sent = _planner(command_interface="forward_position"), [np.zeros(6), np.zeros(6)]
    now = START
    for tick in range(60):
        now += TICK * (7 if tick == 30 else 1)
        planner.advance(now, _motion())
        sent.append(planner.next_position())
    assert_within_limits(ARM, 0.02, np.array(sent))


def test_a_clock_that_was_set_does_not_move_the_plan():
    planner = _planner()
    for tick in range(30):
        planner.advance(START + tick * TICK, _motion())
    before = planner.trajectory()
    shift = -500_000_000_007
    planner.follow_clock(shift)
    assert np.array_equal(planner.planned_at(START + 29 * TICK + shift), before.positions[NOW])
    planner.advance(START + 30 * TICK + shift, None)
    after = planner.trajectory()
    assert after.times_ns[0] == before.times_ns[1] + shift
    assert np.array_equal(after.positions[:3], before.positions[1:4])


def test_a_clock_that_goes_on_by_a_century_costs_nothing():
    planner = _planner()
    for tick in range(30):
        planner.advance(START + tick * TICK, _motion())
    final = planner.final_position
    century = 100 * 365 * 86_400 * 1_000_000_000
    planner.advance(START + century, None)
    assert len(planner.trajectory().positions) < 10
    assert np.array_equal(planner.promised_position, final)
    assert planner.at_rest
    assert (planner.record.velocity == 0.0).all()


def test_peaks_are_those_of_what_was_commanded():
    planner = _planner(lead_ticks=2)
    planner.advance(START, None)
    rows = [np.zeros(6), np.zeros(6)]
    for tick in range(1, 120):
        planner.advance(START + tick * TICK, _motion() if tick < 60 else None)
        rows.append(planner.promised_position)
    velocities = np.diff(rows, axis=0) / 0.02
    record = planner.record
    np.testing.assert_allclose(record.peak_velocity, np.abs(velocities).max(axis=0), rtol=1e-9)
    accelerations = np.abs(np.diff(velocities, axis=0) / 0.02).max(axis=0)
    np.testing.assert_allclose(record.peak_acceleration, accelerations, rtol=1e-9)
    assert (record.peak_acceleration <= ARM.acceleration * (1 + 1e-9)).all()
    planner.restart_record()
    assert not planner.record.peak_velocity.any()


def test_a_record_restarted_in_motion_counts_only_what_comes_then():
    planner = _planner()
    for tick in range(1, 60):
        planner.advance(START + tick * TICK, _motion(speed=0.4))
    for tick in range(60, 63):
        planner.advance(START + tick * TICK, None)
    planner.restart_record()
    planner.advance(START + 63 * TICK, None)
    record = planner.record
    assert record.velocity.all()
    assert np.array_equal(record.peak_velocity, np.abs(record.velocity))


def test_displacement_tells_what_the_limiter_changed():
    planner = _planner()
    # From rest into steady motion: the start is limited, the rest is not.
    for tick in range(70):
        planner.advance(START + tick * TICK, _motion(speed=0.5))
        if tick == 3:
            assert (planner.record.displacement > 1e-4).all()
    assert (planner.record.displacement < 1e-6).all()
    assert (planner.record.limited_ticks > 2).all()
    assert (planner.record.limited_ticks < 40).all()
