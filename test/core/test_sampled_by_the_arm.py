"""The limits hold on the curve that a joint_trajectory_controller samples from the messages."""

from dataclasses import dataclass, field, replace
from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.trajectory import Trajectory
from pi0_ros.sim.arm_command import UncheckedTrajectory
from pi0_ros.sim.curve_judge import Excess, judge, played
from pi0_ros.sim.desired_curve import DesiredCurve, DesiredState, held, taken_over, through
from pi0_ros.sim.mock_arm import MockArm

from .arms import six_joints
from .wild_day import BEGUN_NS, GAP, GAPS, present_ns, wild_day


@dataclass
class Arm:
    """An arm that lags behind its command, and the curve its controller samples."""

    limits: ArmLimits
    start_ns: int
    position: FloatArray
    from_desired: bool
    pieces: list[tuple[int, DesiredCurve]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.mock = MockArm(
            self.limits, self.position, interpolate_from_desired_state=self.from_desired
        )
        self.mock.step(self.start_ns)
        self.pieces = [(self.start_ns, held(self.position, self.start_ns))]

    def take(self, now_ns: int, message: Trajectory) -> None:
        if message.times_ns[-1] < now_ns:
            return  # joint_trajectory_controller refuses what has ended.
        own, measured = self.pieces[-1][1].at(now_ns), self.mock.step(now_ns)
        if not self.from_desired:
            own = DesiredState(measured.positions, measured.velocities, np.zeros(6))
        curve = taken_over(own, now_ns, message.times_ns, message.positions, None, None)
        self.pieces.append((now_ns, curve))
        told = UncheckedTrajectory(
            int(message.times_ns[0]),
            self.limits.joint_names,
            (message.times_ns - message.times_ns[0]).tolist(),
            message.positions.tolist(),
        )
        self.mock.accept_trajectory(told, now_ns)

    def judged(self, tick_ns: int) -> list[Excess]:
        return judge(self.limits, tick_ns, played(self.pieces))


@settings(max_examples=80)
@given(
    st.sampled_from([30.0, 50.0, 125.0]),
    st.booleans(),
    st.integers(1, 4),
    st.integers(0, 2**32 - 1),
    st.lists(GAP, min_size=10, max_size=60),
    st.floats(0.0, 1.0),
    st.data(),
)
def test_within_the_lead_the_sampled_curve_keeps_the_limits(
    rate, from_desired, lead, seed, gaps, behind, data
):
    config = ControlConfig(control_rate_hz=rate, lead_ticks=lead)
    rig, messages = wild_day(config, seed, gaps)
    arm = Arm(rig.limits, messages[0][0], messages[0][1].positions[0], from_desired)
    # The arm's clock may be behind by as much as the messages have begun before they are sent.
    behind_ns, now = round(behind * BEGUN_NS), messages[0][0]
    for sent, message in messages[1:]:
        latest = present_ns(message, config) + lead * config.tick_ns
        earliest = min(max(now, sent - behind_ns), latest)
        now = data.draw(st.integers(earliest, latest), label="takes effect")
        arm.take(now, message)
    assert arm.judged(config.tick_ns) == []
    arm.mock.step(now + 10**9)
    assert not any(arm.mock.limit_violations.values())


@settings(max_examples=60)
@given(
    st.booleans(),
    st.integers(1, 3),
    st.integers(0, 2**32 - 1),
    st.lists(st.floats(-0.4, 0.4), min_size=10, max_size=40),
    st.lists(st.integers(0, 10), min_size=40, max_size=40),
)
def test_a_message_later_than_the_lead_makes_the_command_jump_by_a_bounded_way(
    from_desired, lead, seed, gaps, delays
):
    """By a dt^2 d (d + 1), d ticks after what was played ceased to be promised.

    Until then both messages say the same; from then on each changes its velocity by at most a dt
    per tick, so after d ticks they are apart by at most 2 a dt^2 (1 + 2 + ... + d).
    """
    config = ControlConfig(lead_ticks=lead)
    rig, messages = wild_day(config, seed, gaps)
    arm = Arm(rig.limits, messages[0][0], messages[0][1].positions[0], from_desired)
    dt_s, now, playing = config.tick_s, messages[0][0], 0
    allowed = {}
    for index, (sent, message) in enumerate(messages[1:], start=1):
        now = max(now, sent + delays[index % 40] * config.tick_ns)
        if message.times_ns[-1] < now:
            continue
        true_until = present_ns(messages[playing + 1][1], config) + lead * config.tick_ns
        late = max(0, ceil((now - true_until) / config.tick_ns))
        allowed[now] = allowed.get(now, 0.0) + late * (late + 1) * dt_s**2
        arm.take(now, message)
        playing = index
    for found in arm.judged(config.tick_ns):
        assert found.quantity in ("jump", "change of velocity")
    curve = played(arm.pieces)
    for time_ns, share in allowed.items():
        jump = np.abs(curve.at(time_ns).positions - curve.at(time_ns - 1).positions)
        way = share * rig.limits.acceleration + rig.limits.velocity * 1e-9
        assert (jump <= way + 1e-11).all()


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(0, 19_999_999))
def test_messages_that_are_still_to_begin_would_break_the_limits(seed, delay):
    """Why messages begin before now: from the measured state the way to a first point is too fast.

    The checks above can fail.
    """
    config = ControlConfig()
    rig, messages = wild_day(config, seed, [0.0] * 40)
    arm = Arm(rig.limits, messages[0][0], messages[0][1].positions[0], from_desired=False)
    for sent, message in messages[1:]:
        to_come = message.times_ns > sent + delay
        arm.take(
            sent + delay,
            replace(
                message, times_ns=message.times_ns[to_come], positions=message.positions[to_come]
            ),
        )
    assert {found.quantity for found in arm.judged(config.tick_ns)} >= {"jump", "velocity"}
    assert any(arm.mock.limit_violations.values())


def test_velocities_beside_the_positions_would_break_the_promise():
    """Why only positions are sent: cubics overshoot what straight lines keep.

    With the mean of the neighbouring speeds at each point, as a central difference gives it, a
    single fast tick has an acceleration of 3 a and is faster than its own mean by a dt / 4.
    """
    arm, dt_s = six_joints(), 0.02
    faster = arm.acceleration * dt_s
    # One tick at the velocity limit between two that are slower by a dt.
    speeds = [*np.linspace(0.0, 1.0, 31)[1:, None] * (arm.velocity - faster), arm.velocity]
    speeds += [*np.linspace(1.0, 0.0, 31)[:, None] * (arm.velocity - faster)]
    rows = np.vstack([np.zeros(6), np.cumsum(speeds, axis=0) * dt_s])
    rows = np.vstack([rows, rows[-1]]) + arm.lower
    times = np.arange(1, len(rows) + 1) * 20_000_000
    start = DesiredState(rows[0], np.zeros(6), np.zeros(6))
    assert judge(arm, 20_000_000, through(start, 0, times, rows, None, None)) == []
    central = np.vstack([np.zeros(6), (rows[2:] - rows[:-2]) / (2.0 * dt_s), np.zeros(6)])
    found = judge(arm, 20_000_000, through(start, 0, times, rows, central, None))
    values = {(one.quantity, one.joint): one.value for one in found}
    for index, joint in enumerate(arm.joint_names):
        overshoot = arm.velocity[index] + faster[index] / 4.0
        assert values["velocity", joint] == pytest.approx(overshoot)
        assert values["acceleration", joint] == pytest.approx(3.0 * arm.acceleration[index])


@settings(max_examples=60)
@given(st.sampled_from([30.0, 50.0, 200.0]), st.integers(0, 2**32 - 1), GAPS)
def test_positions_keep_the_limits_from_sample_to_sample_whatever_the_ticks(rate, seed, gaps):
    config = ControlConfig(command_interface="forward_position", control_rate_hz=rate)
    rig, _ = wild_day(config, seed, gaps)
    assert len(rig.sent) == len(gaps) + 2
    rig.check()


def bent(limits: ArmLimits, tick_ns: int, message: Trajectory, joint: int) -> Trajectory:
    """The message, and then one point aside by which a joint speeds up a fifth more than it may."""
    inward = -np.sign(message.positions[-1, joint] - (limits.lower + limits.upper)[joint] / 2)
    aside = np.zeros((3, limits.joints))
    aside[0, joint] = (inward or 1.0) * 0.6 * limits.acceleration[joint] * (tick_ns / 1e9) ** 2
    times = message.times_ns[-1] + np.arange(1, 4) * tick_ns
    return Trajectory(
        np.append(message.times_ns, times),
        np.vstack([message.positions, message.positions[-1] + aside]),
    )


def displaced(limits: ArmLimits, tick_ns: int, message: Trajectory, joint: int) -> Trajectory:
    """The message a hair beside what is played when it comes."""
    aside = np.zeros(limits.joints)
    aside[joint] = 1e-6
    return replace(message, positions=message.positions + aside)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), GAPS, st.sampled_from([bent, displaced]), st.integers(0, 5))
def test_two_judges_agree_on_what_an_arm_hears_at_once(seed, gaps, spoilt, joint):
    rig, _ = wild_day(ControlConfig(), seed, gaps)
    rig.check()
    rig.check_as_sampled()
    newest = rig.curve.arrivals[-1][1]
    rig.curve.arrive(rig.arm_ns, spoilt(rig.limits, rig.config.tick_ns, newest, joint))
    for check in (rig.check, rig.check_as_sampled):
        with pytest.raises(AssertionError, match=rig.limits.joint_names[joint]):
            check()
