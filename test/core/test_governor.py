"""No target, however absurd, makes a joint break a limit; a reasonable one is followed."""

import os
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import PolicyError
from pi0_ros.core.governor import brake, governed_step
from pi0_ros.core.limits import ArmLimits

from .arms import SIX_JOINTS, assert_within_limits, limits, six_joints

TICKS = st.floats(0.002, 0.05)
SOAK_TICKS = int(os.environ.get("PI0_ROS_SOAK_TICKS", "1000000"))


def _targets() -> st.SearchStrategy[FloatArray]:
    wild = st.floats(-1e9, 1e9, allow_nan=False)
    near = st.floats(-3.0, 3.0)
    return hnp.arrays(np.float64, 6, elements=wild | near | st.sampled_from([0.0, 1e9, -1e9]))


@st.composite
def chases(draw: st.DrawFn) -> tuple[ArmLimits, float, FloatArray, list[FloatArray]]:
    """An arm, a tick, where it rests, and targets that stay for a while and then jump."""
    arm = draw(limits())
    share = draw(hnp.arrays(np.float64, 6, elements=st.floats(0.0, 1.0)))
    start = arm.lower + share * (arm.upper - arm.lower)
    targets: list[FloatArray] = []
    for stay in draw(st.lists(st.integers(1, 25), min_size=1, max_size=6)):
        kind = draw(st.sampled_from(["jump", "limit", "ramp"]))
        target = draw(_targets())
        if kind == "limit":
            target = np.where(target > 0.0, arm.upper, arm.lower)
        slope = arm.velocity * draw(st.floats(-1.5, 1.5)) if kind == "ramp" else np.zeros(6)
        targets += [target + slope * 0.02 * tick for tick in range(stay)]
    return arm, draw(TICKS), np.clip(start, arm.lower, arm.upper), targets


def _chase(
    arm: ArmLimits, dt_s: float, start: FloatArray, targets: list[FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Rows from rest, two of them before the first step, and the velocity at the end."""
    rows, velocity, before = [start, start], np.zeros_like(start), start
    for target in targets:
        position, velocity = governed_step(arm, dt_s, rows[-1], velocity, before, target)
        rows.append(position)
        before = target
    return np.array(rows), velocity


def _assert_never_outside(arm: ArmLimits, rows: FloatArray) -> None:
    """Not even by rounding: what is beyond a limit by one bit, others may refuse."""
    assert (rows >= arm.lower).all()
    assert (rows <= arm.upper).all()


@given(chases(), st.lists(st.floats(0.01, 1.0), min_size=1, max_size=40))
def test_no_change_of_the_speed_scale_makes_a_joint_break_a_limit(chase, scales):
    arm, dt_s, start, targets = chase
    rows, velocity, before = [start, start], np.zeros_like(start), start
    for tick, target in enumerate(targets):
        scale = scales[tick // 3 % len(scales)]
        faster = np.abs(velocity)
        position, velocity = governed_step(arm, dt_s, rows[-1], velocity, before, target, scale)
        over = np.abs(velocity) > scale * arm.velocity * (1 + 1e-9)
        assert (np.abs(velocity) < faster)[over].all(), "faster than allowed and not slowing down"
        rows.append(position)
        before = target
    tail = brake(arm, dt_s, rows[-1], velocity)
    assert_within_limits(arm, dt_s, np.vstack([*rows, *tail]))


@given(chases())
def test_no_target_makes_a_joint_break_a_limit(chase):
    arm, dt_s, start, targets = chase
    rows, _ = _chase(arm, dt_s, start, targets)
    assert_within_limits(arm, dt_s, rows)
    _assert_never_outside(arm, rows)


@given(chases())
def test_braking_from_any_reachable_state_ends_at_rest_within_limits(chase):
    arm, dt_s, start, targets = chase
    rows, velocity = _chase(arm, dt_s, start, targets)
    tail = brake(arm, dt_s, rows[-1], velocity)
    whole = np.vstack([rows, tail, tail[-1:], tail[-1:]])
    assert_within_limits(arm, dt_s, whole)
    _assert_never_outside(arm, whole)
    speeds = np.abs(np.diff(whole[len(rows) - 2 :], axis=0))
    rounding = 1e-9 * arm.velocity * dt_s
    assert (np.diff(speeds, axis=0)[1:] <= rounding).all(), "a joint speeds up while braking"
    # No joint takes longer than the slowest one needs.
    needed = np.ceil(np.max(np.abs(velocity) / (arm.acceleration * dt_s)) - 1e-6)
    assert len(tail) <= max(1, needed + 1)


@given(chases(), st.data())
def test_the_governor_takes_over_from_any_row_of_a_braking(chase, data):
    arm, dt_s, start, targets = chase
    rows, velocity = _chase(arm, dt_s, start, targets)
    rows = np.vstack([rows, brake(arm, dt_s, rows[-1], velocity)])
    cut = data.draw(st.integers(len(targets) + 2, len(rows)), label="rows played")
    rows = rows[:cut]
    velocity = (rows[-1] - rows[-2]) / dt_s
    position, before = rows[-1], data.draw(_targets())
    for _ in range(data.draw(st.integers(1, 10))):
        target = data.draw(_targets())
        position, velocity = governed_step(arm, dt_s, position, velocity, before, target)
        rows, before = np.vstack([rows, position]), target
    rows = np.vstack([rows, brake(arm, dt_s, position, velocity)])
    assert_within_limits(arm, dt_s, rows)


@given(limits(), TICKS, st.data())
def test_braking_with_room_keeps_the_direction_in_joint_space(arm, dt_s, data):
    share = data.draw(hnp.arrays(np.float64, 6, elements=st.floats(-1.0, 1.0)))
    ticks = np.ceil(np.max(np.abs(share * arm.velocity) / (arm.acceleration * dt_s)))
    room = arm.velocity * dt_s * (ticks + 2.0)
    wide = ArmLimits(SIX_JOINTS, -2.0 * room, 2.0 * room, arm.velocity, arm.acceleration)
    velocity = share * arm.velocity
    tail = brake(wide, dt_s, np.zeros(6), velocity)
    # Every row lies on the line through the start along the velocity.
    along = tail[:, np.newaxis, :] * velocity[np.newaxis, :, np.newaxis]
    np.testing.assert_allclose(along, along.transpose(0, 2, 1), atol=1e-12)


def test_braking_without_room_stops_each_joint_as_hard_as_it_may():
    arm = six_joints()
    dt_s = 0.02
    # joint_6 runs toward its limit with just the room to stop, joint_1 needs much longer.
    velocity = np.array([1.5, 0.0, 0.0, 0.0, 0.0, 0.8])
    start = np.zeros(6)
    start[5] = arm.upper[5] - (0.8 + 0.08) ** 2 / (2 * 8.0)
    tail = brake(arm, dt_s, start, velocity)
    rows = np.vstack([start - velocity * dt_s, start, tail])
    assert_within_limits(arm, dt_s, rows)
    assert tail[-1, 5] > start[5]
    steps = np.diff(rows[:, 5])
    np.testing.assert_allclose(np.diff(steps)[:4], -8.0 * dt_s**2, rtol=1e-6)


def test_a_common_braking_is_only_chosen_where_the_governor_can_still_stop_every_joint():
    """joint_2 nears its limit at the greatest speed while joint_1 needs much longer to stop."""
    dt_s = 0.02
    arm = ArmLimits(SIX_JOINTS[:2], [-9.0, -9.0], [9.0, 1.0], [2.0, 2.0], [2.0, 8.0])
    far = np.array([8.0, 1e9])
    for start in np.linspace(0.0, 0.98, 25):
        rows, velocity = [np.array([0.0, start])] * 2, np.zeros(2)
        for _ in range(26):
            position, velocity = governed_step(arm, dt_s, rows[-1], velocity, far, far)
            rows.append(position)
            tail = brake(arm, dt_s, position, velocity)
            assert_within_limits(arm, dt_s, np.vstack([*rows[-2:], tail]))
            for cut in range(1, len(tail), 3):
                played = np.vstack([*rows[-2:], tail[:cut]])
                speed = (played[-1] - played[-2]) / dt_s
                after = governed_step(arm, dt_s, played[-1], speed, far, far)
                played = np.vstack([played, after[0], brake(arm, dt_s, *after)])
                assert_within_limits(arm, dt_s, played)


def test_braking_at_rest_stays_where_it_is():
    tail = brake(six_joints(), 0.02, np.full(6, 0.3), np.zeros(6))
    assert tail.tolist() == [[0.3] * 6]


@given(limits(), TICKS, st.floats(0.05, 0.95), st.floats(0.0, 6.0))
def test_a_smooth_target_within_the_limits_is_met_exactly(arm, dt_s, part, phase):
    middle, half = (arm.upper + arm.lower) / 2, (arm.upper - arm.lower) / 2
    # The fastest sine that keeps all three limits, times `part`; it starts at rest.
    amplitude = part * half
    rate = np.minimum(arm.velocity / amplitude, np.sqrt(arm.acceleration / amplitude)) * 0.99
    times = np.arange(200)[:, np.newaxis] * dt_s
    targets = middle + amplitude * np.cos(rate * times + phase)
    rows = [targets[0], targets[1]]
    velocity = (targets[1] - targets[0]) / dt_s
    for before, target in pairwise(targets[1:]):
        position, velocity = governed_step(arm, dt_s, rows[-1], velocity, before, target)
        rows.append(position)
    np.testing.assert_allclose(rows, targets, atol=1e-11)


@settings(max_examples=40)
@given(limits(), TICKS, st.data())
def test_a_still_target_is_reached_without_overshoot_and_kept(arm, dt_s, data):
    shares = [data.draw(hnp.arrays(np.float64, 6, elements=st.floats(0.0, 1.0))) for _ in "ab"]
    start, goal = (arm.lower + share * (arm.upper - arm.lower) for share in shares)
    start, goal = (np.clip(end, arm.lower, arm.upper) for end in (start, goal))
    distance = np.abs(goal - start)
    seconds = np.max(distance / arm.velocity + 2.0 * np.sqrt(distance / arm.acceleration))
    ticks = min(1500, int(seconds / dt_s) + 10)
    rows, _ = _chase(arm, dt_s, start, [goal] * ticks)
    beyond = (rows - goal) * np.sign(goal - start)
    assert beyond.max() <= 1e-12
    if ticks < 1500:
        np.testing.assert_allclose(rows[-1], goal, atol=1e-11)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("which", ["target_before", "target"])
def test_a_target_that_is_not_finite_is_refused(bad, which):
    targets = {"target_before": np.zeros(6), "target": np.zeros(6)}
    targets[which][5] = bad
    with pytest.raises(PolicyError, match=r"^motion target is not finite$"):
        governed_step(six_joints(), 0.02, np.zeros(6), np.zeros(6), **targets)


@given(limits(), TICKS, _targets(), st.floats(0.0, 0.01))
def test_a_joint_that_starts_outside_its_limits_only_moves_inward(arm, dt_s, target, outside):
    for start, inward in ((arm.upper + outside, -1.0), (arm.lower - outside, 1.0)):
        rows, velocity = _chase(arm, dt_s, start, [target] * 20)
        moved = np.diff(np.vstack([rows, brake(arm, dt_s, rows[-1], velocity)]), axis=0)
        was_outside = (rows[:-1] > arm.upper) | (rows[:-1] < arm.lower)
        assert (moved[: len(rows) - 1][was_outside] * inward >= 0.0).all()
        change = np.abs(np.diff(rows, n=2, axis=0))
        assert (change <= arm.acceleration * dt_s**2 * (1 + 1e-9) + 1e-14).all()


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_a_joint_stays_on_its_limit_for_as_long_as_the_target_is_beyond(side):
    arm, dt_s = six_joints(), 0.02
    limit, outward = (arm.upper, 1.0) if side == "upper" else (arm.lower, -1.0)
    times = np.arange(300)[:, np.newaxis] * dt_s
    targets = limit + outward * (0.3 * np.sin(1.5 * times) - 0.2)
    rows, _ = _chase(arm, dt_s, targets[0], list(targets))
    beyond = (outward * (targets - limit) >= 0.0).all(axis=1)
    arrived = beyond & np.roll(beyond, 10)
    assert arrived.sum() > 20
    np.testing.assert_allclose(rows[2:][arrived], np.tile(limit, (arrived.sum(), 1)))


@pytest.mark.parametrize("ticks", range(1, 40))
def test_braking_takes_no_tick_more_than_it_needs(ticks):
    arm, dt_s = six_joints(), 0.02
    velocity = np.zeros(6)
    velocity[3] = ticks * (arm.acceleration[3] * dt_s)
    assert len(brake(arm, dt_s, np.zeros(6), velocity)) == ticks


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_a_joint_that_stands_on_its_limit_does_not_bend_the_way_of_the_others(side):
    arm, dt_s = six_joints(), 0.02
    start = np.where(np.arange(6) == 4, getattr(arm, side), 0.0)
    velocity = np.array([1.0, 0.1, 0.0, 0.0, 0.0, 0.0])
    tail = brake(arm, dt_s, start, velocity)
    np.testing.assert_allclose(tail[:, 1], 0.1 * tail[:, 0], rtol=1e-9)
    assert (tail[:, 4] == start[4]).all()


def test_a_joint_that_moves_outward_beyond_its_limit_goes_no_farther():
    arm = six_joints()
    _, velocity = governed_step(arm, 0.02, arm.upper + 0.005, np.full(6, 1.0), arm.upper, arm.upper)
    assert (velocity <= 0.0).all()


def test_arguments_are_left_as_they_were():
    arm = six_joints()
    arguments = [np.full(6, value) for value in (0.1, 0.2, 0.3, 9.0)]
    copies = [argument.copy() for argument in arguments]
    governed_step(arm, 0.02, *arguments)
    brake(arm, 0.02, arguments[0], arguments[1])
    for argument, copy in zip(arguments, copies, strict=True):
        assert np.array_equal(argument, copy)


def test_soak_of_random_arms_chasing_random_targets():
    """One wide arm of hundreds of joints, each with limits of its own, for many ticks."""
    joints, episode = 200, 100
    random = np.random.default_rng(20240607)
    names = tuple(f"joint_{index}" for index in range(joints))
    for _ in range(max(1, SOAK_TICKS // (joints * episode))):
        middle = random.uniform(-3.0, 3.0, joints)
        half = 10.0 ** random.uniform(-2.0, 0.5, joints)
        velocity = 10.0 ** random.uniform(-0.7, 0.85, joints)
        acceleration = 10.0 ** random.uniform(-0.3, 1.6, joints)
        arm = ArmLimits(names, middle - half, middle + half, velocity, acceleration)
        dt_s = float(10.0 ** random.uniform(np.log10(0.002), np.log10(0.05)))
        start = random.uniform(arm.lower, arm.upper)
        jumps = random.random((episode, joints)) < 0.1
        far = random.choice([1.0, 1.0, 1e3, 1e9], (episode, joints))
        walk = random.normal(0.0, 0.5 * velocity * dt_s, (episode, joints)).cumsum(axis=0)
        held = np.maximum.accumulate(np.where(jumps, np.arange(episode)[:, np.newaxis], 0), axis=0)
        drawn = middle + half * far * random.uniform(-1.5, 1.5, (episode, joints))
        targets = np.take_along_axis(drawn, held, axis=0) + walk
        rows, speed = _chase(arm, dt_s, start, list(targets))
        tail = brake(arm, dt_s, rows[-1], speed)
        whole = np.vstack([rows, tail[:100]])
        assert_within_limits(arm, dt_s, whole)
        _assert_never_outside(arm, whole)
