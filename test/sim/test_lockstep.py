"""The bridge on simulated time: it moves, keeps the limits, counts what it rejects, repeats."""

import numpy as np
import pytest

from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.control_state import ControlState
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.sim.demo_arm import HOME, LIMITS
from pi0_ros.sim.lockstep import LockstepBridge, LockstepConfig
from pi0_ros.sim.mock_arm import MockArm

GOAL = HOME + np.array([0.3, 0.1, -0.1, 0.2, 0.1, 0.4])
PICTURES = {name: np.zeros((480, 640, 3), dtype=np.uint8) for name in ("main", "side", "top")}
CONFIG = LockstepConfig(action_rate_hz=10.0)


def to_goal(observation):
    shares = np.clip(np.arange(20) / 10.0, 0.0, 1.0)[:, np.newaxis]
    return observation.positions + shares * (GOAL - observation.positions)


def bridge(infer, config=CONFIG):
    arm = MockArm(LIMITS, HOME)
    return LockstepBridge(LIMITS, arm, lambda _: PICTURES, infer, "move", config)


def run(infer, config=CONFIG, ticks=200):
    running = bridge(infer, config)
    moments = [running.tick() for _ in range(ticks)]
    return moments, running.report()


def test_the_arm_goes_where_the_chunks_lead_and_stays():
    moments, report = run(to_goal)
    np.testing.assert_allclose(moments[-1].measured, GOAL, atol=0.02)
    assert report.state is ControlState.RUN
    assert report.rejected == {}


def test_pictures_are_taken_at_their_ticks_and_carry_that_moment():
    moments, _ = run(to_goal, ticks=20)
    seen = [index for index, moment in enumerate(moments) if moment.observation is not None]
    assert seen == [0, 5, 10, 15]
    for index in seen:
        observation = moments[index].observation
        assert observation.stamp_ns == moments[index].time_ns
        assert observation.instruction == "move"
        np.testing.assert_array_equal(observation.positions, moments[index].measured)


def test_nothing_moves_before_the_latency_is_over():
    config = LockstepConfig(action_rate_hz=10.0, latency_s=0.2)
    moments, _ = run(to_goal, config, ticks=30)
    moved = [np.any(np.abs(moment.commanded - HOME) > 1e-9) for moment in moments]
    assert not any(moved[:11])
    assert moved[-1]


def test_the_same_run_twice_is_the_same_to_the_last_bit():
    one, other = (run(to_goal, ticks=60)[0] for _ in range(2))
    for first, second in zip(one, other, strict=True):
        np.testing.assert_array_equal(first.measured, second.measured)


def leap(observation):
    return np.tile(observation.positions + 0.2, (20, 1))


@pytest.mark.parametrize("limited", [True, False])
def test_limits_hold_with_the_limiter_and_only_with_it(limited):
    moments, _ = run(leap, LockstepConfig(action_rate_hz=10.0, limited=limited), ticks=60)
    commands = np.array([moment.commanded for moment in moments])
    speeds = np.abs(np.diff(commands, axis=0)) / ControlConfig().tick_s
    assert bool(np.all(speeds <= LIMITS.velocity * (1 + 1e-9))) is limited


def test_chunks_that_are_not_played_are_counted():
    _, report = run(lambda observation: np.full((20, 6), np.nan), ticks=20)
    assert sum(report.rejected.values()) == 4
    assert report.state is ControlState.HOLD


def test_a_new_instruction_is_what_the_next_observation_says():
    running = bridge(to_goal)
    running.tick()
    running.say("stop")
    later = [running.tick().observation for _ in range(5)]
    assert [seen.instruction for seen in later if seen is not None] == ["stop"]


def test_a_new_instruction_begins_a_new_epoch():
    running = bridge(to_goal)
    for _ in range(10):
        running.tick()
    assert running.report().epoch == 1
    running.say("stop")
    for _ in range(10):
        running.tick()
    assert running.report().epoch == 2


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"action_rate_hz": 0.0}, "action_rate"),
        ({"action_rate_hz": 10.0, "latency_s": -1.0}, "latency"),
        ({"action_rate_hz": 10.0, "ticks_per_chunk": 0}, "ticks_per_chunk"),
        (
            {
                "action_rate_hz": 10.0,
                "control": ControlConfig(command_interface="forward_position"),
            },
            "command_interface",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name(settings, named):
    with pytest.raises(ConfigurationError, match=named):
        LockstepConfig(**settings)
