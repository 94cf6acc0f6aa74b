"""At a scaled speed the path is the same; the change of speed is smooth and within limits."""

import numpy as np
import pytest

from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.control_state import ControlState
from pi0_ros.core.errors import ConfigurationError

from .arms import STEP_NS
from .rig import GOAL, Rig


def _rig(scale: float, **config: object) -> Rig:
    rig = Rig(ControlConfig(speed_scale=scale, blend_s=0.0, **config))
    rig.activate()
    rig.tick()
    return rig


def _path(rig: Rig, ticks: int) -> np.ndarray:
    rig.send(rig.way_to(GOAL, rows=90))
    path = []
    for _ in range(ticks):
        rig.tick()
        path.append(rig.loop.report().position)
    rig.check()
    return np.array(path)


def test_a_scaled_chunk_takes_the_same_path_in_more_time():
    full, quarter = _path(_rig(1.0), 120), _path(_rig(0.25), 480)
    # What is promised is two ticks ahead of the chunk's beginning.
    assert quarter[397:] == pytest.approx(full[98:99] + np.zeros((83, 6)), abs=0.12)
    for row in quarter[::20]:
        assert np.abs(full - row).max(axis=1).min() < 0.02
    assert np.abs(np.diff(quarter, axis=0)).max() < 0.27 * np.abs(np.diff(full, axis=0)).max()


def test_chunks_that_follow_each_other_keep_the_scaled_speed(rig):
    """Each one begins where the arm was when the pictures were taken, and comes late."""
    rig.loop.change_speed(0.2, rig.now_ns)
    wanted = 0.5 * rig.limits.velocity[5]
    steps = np.arange(50)[:, np.newaxis] * STEP_NS / 1e9 * wanted * np.eye(6)[5]
    seen: list[tuple[int, np.ndarray]] = []
    travelled = []
    for tick in range(150):
        seen.append((rig.now_ns, rig.measured()))
        if tick % 6 == 0 and tick >= 8:
            stamp, position = seen[-8]
            rig.send(position + steps, stamp_ns=stamp)
        rig.tick()
        travelled.append(rig.measured()[5])
    speed = (travelled[-1] - travelled[50]) / (99 * rig.config.tick_s)
    assert speed == pytest.approx(0.2 * wanted, rel=0.15)
    rig.check()


@pytest.mark.parametrize("late", [1, 20, 40])
def test_an_arm_that_stood_since_the_capture_begins_with_the_first_row(rig, late):
    """By the time since the capture it would be 0.6 rad on after 20 ticks, too far to begin."""
    steps = np.arange(40)[:, np.newaxis] * STEP_NS / 1e9 * 1.5 * np.eye(6)[5]
    start, stamp = rig.measured(), rig.now_ns
    rig.run(late)
    rig.send(start + steps, stamp_ns=stamp)
    farthest = 0.0
    for _ in range(15):
        rig.tick()
        farthest = max(farthest, rig.loop.report().displacement.max())
    # No more than what it takes to get into motion.
    assert farthest < 0.2
    rig.check()


def test_an_arm_that_stood_in_a_hold_begins_with_the_first_row(rig):
    rig.in_motion()
    rig.loop.pause("camera", "lost")
    rig.tick()
    rig.until_rest()
    rig.loop.pause("camera", "")
    rig.tick()
    steps = np.arange(40)[:, np.newaxis] * STEP_NS / 1e9 * np.eye(6)[5]
    start, stamp = rig.loop.report().position, rig.now_ns
    rig.run(20)
    rig.send(start + steps, stamp_ns=stamp)
    rig.run(25)
    # As far as the chunk goes in half a second; by the time since the capture it is 0.4 rad on.
    assert rig.loop.report().position[5] - start[5] < 0.6


def test_an_arm_that_brakes_is_not_pulled_back_by_the_next_chunk(rig):
    """Its pictures are of the moment at which the chunk before ran out."""
    rows = np.arange(20)[:, np.newaxis] * STEP_NS / 1e9 * 2.0 * np.eye(6)[5]
    rig.send(rig.measured() + rows)
    rig.run(2)
    while rig.state is ControlState.RUN:
        rig.tick()
    start, stamp = rig.measured(), rig.now_ns
    # It comes to rest meanwhile.
    rig.run(20)
    rig.send(start + rows, stamp_ns=stamp)
    positions = []
    for _ in range(25):
        rig.tick()
        positions.append(rig.loop.report().position[5])
    assert np.diff(positions).min() > 0.0


def test_an_arm_taken_over_anew_begins_with_the_first_row(rig):
    rig.in_motion()
    rig.loop.deactivate()
    rig.rest(1.0)
    rig.activate()
    steps = np.arange(40)[:, np.newaxis] * STEP_NS / 1e9 * np.eye(6)[5]
    start, stamp = rig.measured(), rig.now_ns
    rig.arm_ns += 30_000_000
    rig.sense()
    rig.send(start + steps, stamp_ns=stamp)
    assert rig.loop._player.playback.row_at(np.array([rig.now_ns]))[0] == 0.0


def test_the_row_that_is_due_is_found_at_the_scaled_speed(rig):
    """At full speed it would be 0.6 rad on, at a fifth it is 0.12: both chunks begin there."""
    rig.loop.change_speed(0.2, rig.now_ns)
    steps = np.arange(40)[:, np.newaxis] * STEP_NS / 1e9 * 1.5 * np.eye(6)[5]
    rig.send(rig.measured() + steps)
    rig.run(20)
    start, stamp = rig.loop.report().position, rig.now_ns
    rig.run(20)
    rig.send(start + steps, stamp_ns=stamp)
    assert rig.loop.report().splice_error < 0.02
    rig.run(10)
    rig.check()


def test_velocity_limits_are_scaled_and_even_catching_up_keeps_them(rig):
    rig.loop.change_speed(0.3, rig.now_ns)
    rig.send(np.tile(0.4 * np.ones(6), (50, 1)))
    rig.run(5)
    rig.send(rig.way_to(GOAL, speed=1.5))
    rig.run(60)
    report = rig.loop.report()
    assert report.limits.velocity == pytest.approx(0.3 * rig.limits.velocity)
    assert report.limits.acceleration == pytest.approx(rig.limits.acceleration)
    assert (report.peak_velocity <= 0.3 * rig.limits.velocity * (1 + 1e-9)).all()
    assert report.peak_velocity[5] == pytest.approx(0.3 * rig.limits.velocity[5])
    rig.check()


def test_the_reported_slow_down_includes_the_scale(rig):
    rig.loop.change_speed(0.25, rig.now_ns)
    rig.send(rig.way_to(GOAL, speed=0.2))
    rig.tick()
    report = rig.loop.report()
    assert (report.speed_scale, report.slow_down) == (0.25, 4.0)


@pytest.mark.parametrize(("first", "then"), [(1.0, 0.1), (0.1, 1.0)])
def test_a_change_in_motion_keeps_the_path_and_the_limits(first, then):
    rig = _rig(first)
    rig.send(rig.way_to(GOAL, rows=90, speed=0.6))
    rig.run(40)
    rig.loop.change_speed(then, rig.now_ns)
    scales, displaced = [], 0.0
    for _ in range(50):
        rig.tick()
        report = rig.loop.report()
        scales.append(report.speed_scale)
        displaced = max(displaced, report.displacement.max())
        assert rig.state is ControlState.RUN
    rig.check()
    assert scales[-1] == then
    assert np.abs(np.diff(scales)).max() < 0.03
    assert displaced < 2e-3


def test_without_a_chunk_a_change_is_in_force_at_once(rig):
    rig.loop.change_speed(0.5, rig.now_ns)
    assert rig.loop.report().speed_scale == 0.5
    rig.send(rig.way_to(GOAL))
    rig.tick()
    assert rig.loop.report().speed_scale == 0.5


def test_a_scale_asked_for_in_motion_is_there_after_a_clock_set_back(rig):
    rig.in_motion()
    rig.loop.change_speed(0.2, rig.now_ns)
    rig.shift_ns -= 3_600_000_000_000
    rig.tick()
    rig.until_rest()
    rig.send(rig.way_to(GOAL))
    rig.tick()
    assert rig.loop.report().speed_scale == 0.2
    # On the clock as it is now, the chunk is played.
    rig.run(20)
    assert rig.loop.report().velocity.any()


def test_an_impossible_scale_is_refused(rig):
    with pytest.raises(ConfigurationError, match="speed_scale"):
        rig.loop.change_speed(0.0, rig.now_ns)
    assert rig.loop.report().speed_scale == 1.0
