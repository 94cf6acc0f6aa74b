"""Whatever goes wrong, and in whatever order, the arm stays within its limits and comes to rest."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.chunk import ActionChunk
from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.control_state import ControlState
from pi0_ros.core.errors import ControlRefused, InputRefused
from pi0_ros.core.limits import ArmLimits

from .arms import STEP_NS, six_joints
from .rig import Rig

POSES = st.lists(st.floats(0.0, 1.0), min_size=6, max_size=6).map(np.array)
SEEDS = st.integers(0, 2**32 - 1)


class FaultyDays(RuleBasedStateMachine):
    """A controller, its arm, and everything the fault table names."""

    interface = "joint_trajectory"

    def __init__(self) -> None:
        super().__init__()
        self.rig: Rig
        self.newest: ActionChunk | None = None
        self.epoch = 1

    @initialize(
        rate=st.sampled_from([30.0, 50.0, 125.0, 500.0]),
        lead=st.integers(1, 4),
        lookahead=st.integers(1, 5),
        blend=st.sampled_from([0.0, 0.2]),
        tolerance=st.sampled_from([0.0, 0.02]),
        pose=POSES,
        jerk=st.sampled_from([np.inf, 40.0]),
    )
    def power_on(self, rate, lead, lookahead, blend, tolerance, pose, jerk):
        config = ControlConfig(
            control_rate_hz=rate,
            command_interface=self.interface,
            lead_ticks=lead,
            lookahead_ticks=lookahead,
            blend_s=blend,
            path_tolerance_rad=tolerance,
        )
        arm = replace(six_joints(), jerk=np.full(6, jerk))
        self.rig = Rig(config, arm, at=arm.lower + pose * (arm.upper - arm.lower))
        self.rig.activate()
        self.rig.tick()

    @rule(ticks=st.integers(1, 12), jitter=st.floats(-0.45, 0.45))
    def run_on(self, ticks, jitter):
        for tick in range(ticks):
            self.rig.tick(late_ticks=jitter if tick % 2 else -jitter)

    @rule(gap=st.floats(0.5, 60.0))
    def late_tick(self, gap):
        self.rig.tick(late_ticks=gap)

    @rule(ticks=st.integers(1, 8))
    def joints_silent(self, ticks):
        silence = 1.0 + 0.11 / self.rig.config.tick_s
        self.rig.tick(late_ticks=silence, sense=False)
        assert self.state in (ControlState.HOLD, ControlState.LATCHED)
        for _ in range(ticks):
            self.rig.tick(sense=False)
            assert self.state in (ControlState.HOLD, ControlState.LATCHED)

    @rule(back_s=st.floats(0.11, 900.0), gap=st.floats(0.0, 5.0))
    def clock_set_back(self, back_s, gap):
        # By more than the time that passes until the next tick.
        self.rig.shift_ns -= round((back_s + 6.0 * self.rig.config.tick_s) * 1e9)
        self.rig.tick(late_ticks=gap)
        assert self.state in (ControlState.HOLD, ControlState.LATCHED)

    @rule(forward_s=st.floats(0.2, 1e8))
    def clock_set_forward(self, forward_s):
        # An arm that plays by the same clock goes to the end of what it has with it, so the curve
        # begins anew; what must not happen is that the loop fails or extrapolates.
        self.settle()
        self.rig.shift_ns += round(forward_s * 1e9)
        self.rig.restart_curve()
        self.rig.tick()

    @rule(goal=POSES, speed=st.floats(0.1, 2.5), noise=st.sampled_from([0, 0.005]), seed=SEEDS)
    def good_chunk(self, goal, speed, noise, seed):
        rows = self.rig.way_to(self.pose(goal), speed=speed)
        rows = rows + np.random.default_rng(seed).normal(0.0, noise, rows.shape)
        self.offer(self.rig.chunk(np.clip(rows, self.limits.lower, self.limits.upper)))

    @rule(delay_ticks=st.integers(0, 20), seed=SEEDS)
    def wild_chunk(self, delay_ticks, seed):
        random = np.random.default_rng(seed)
        start = self.rig.loop.report().position
        step = random.uniform(-3.0, 3.0, (50, 6)) * self.limits.velocity * STEP_NS / 1e9
        jump = random.uniform(-0.5, 0.5, 6)
        rows = np.clip(start + jump + step.cumsum(axis=0), self.limits.lower, self.limits.upper)
        late = self.rig.chunk(rows, epoch=self.epoch)
        self.rig.run(delay_ticks)
        self.offer(late)

    @rule(goal=POSES)
    def new_instruction(self, goal):
        self.epoch += 1
        self.offer(self.rig.chunk(self.rig.way_to(self.pose(goal), speed=0.8)))

    @rule(row=st.integers(0, 49), joint=st.integers(0, 5), bad=st.sampled_from([np.nan, np.inf]))
    def chunk_not_finite(self, row, joint, bad):
        rows = np.tile(self.rig.loop.report().position, (50, 1))
        rows[row, joint] = bad
        self.refused(self.rig.chunk(rows, epoch=self.epoch), "not finite")

    @rule(by=st.integers(0, 3))
    def chunk_again_or_older(self, by):
        if self.newest is not None and self.newest.epoch == self.epoch:
            older = max(0, self.newest.sequence - by)
            self.refused(self.still(sequence=older), "out of order")

    @precondition(lambda self: self.newest is not None)
    @rule()
    def chunk_of_an_old_epoch(self):
        self.refused(self.still(epoch=self.newest.epoch - 1), "old epoch")

    @rule(age_s=st.floats(1.8, 100.0))
    def stale_chunk(self, age_s):
        stamp = self.rig.now_ns - round(age_s * 1e9)
        self.refused(self.still(stamp_ns=stamp), "stale", "older", "before hold")

    @rule(ahead_s=st.floats(0.051, 100.0))
    def chunk_from_the_future(self, ahead_s):
        self.refused(self.still(stamp_ns=self.rig.now_ns + round(ahead_s * 1e9)), "future")

    @rule()
    def hold_by_hand(self):
        self.rig.loop.hold("held")
        self.rig.tick()
        assert self.state is ControlState.LATCHED

    @rule()
    def estop(self):
        self.rig.loop.veto("estop", "pressed")
        self.rig.loop.veto("estop", "")
        self.rig.tick()
        assert self.state is ControlState.LATCHED

    @rule(ticks=st.integers(1, 20))
    def policy_cannot_see(self, ticks):
        self.rig.loop.pause("policy", "blind")
        self.rig.run(ticks)
        assert self.state in (ControlState.HOLD, ControlState.LATCHED)
        self.rig.loop.pause("policy", "")

    @rule(scale=st.floats(0.01, 1.0))
    def other_speed(self, scale):
        self.rig.loop.change_speed(scale, self.rig.now_ns)

    @rule()
    def tracking_error(self):
        self.rig.arm_ns += 1
        self.rig.sense(offset=np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.25]))
        self.rig.tick(sense=False)
        assert self.state is ControlState.LATCHED

    @rule()
    def reset(self):
        if self.state is ControlState.LATCHED:
            self.settle()
            self.rig.rest()
            self.rig.reset()
            assert self.state is ControlState.HOLD
        else:
            with pytest.raises(ControlRefused):
                self.rig.reset()

    @rule(part=st.floats(0.5, 1.0))
    def tighten(self, part):
        old = self.limits
        new = replace(old, velocity=part * old.velocity, acceleration=part * old.acceleration)
        self.settle()
        self.rig.loop.tighten(new)
        self.rig.limits = new
        self.rig.restart_curve()

    @rule()
    def off_and_on(self):
        self.rig.loop.deactivate()
        self.rig.rest(1.5)
        self.rig.activate()
        # Chunks count from here on.
        self.newest = None

    @invariant()
    def arm_keeps_its_limits_even_if_nothing_more_is_sent(self):
        self.rig.check()
        if self.interface == "joint_trajectory":
            self.rig.check_as_sampled()

    @invariant()
    def reason_is_given_where_it_does_not_run(self):
        report = self.rig.loop.report()
        assert (report.reason == "") == (report.state is ControlState.RUN)
        over = report.peak_velocity > six_joints().velocity * (1 + 1e-9)
        assert not over.any()

    @property
    def state(self) -> ControlState:
        return self.rig.state

    @property
    def limits(self) -> ArmLimits:
        return self.rig.limits

    def pose(self, share: FloatArray) -> FloatArray:
        pose: FloatArray = self.limits.lower + share * (self.limits.upper - self.limits.lower)
        return pose

    def still(self, **changes) -> ActionChunk:
        """A chunk that stays where the plan is."""
        rows = np.tile(self.rig.loop.report().position, (50, 1))
        return self.rig.chunk(rows, **{"epoch": self.epoch, **changes})

    def offer(self, chunk: ActionChunk) -> None:
        """Most are taken; those that are not are refused for a reason and change nothing."""
        refusal = self.refusal_of(chunk)
        if refusal is None:
            self.newest = chunk
        else:
            assert refusal in (
                "start distance",
                "speed",
                "latched",
                "before hold",
                "older",
                "old epoch",
                "out of order",
            )

    def refused(self, chunk: ActionChunk, *kinds: str) -> None:
        before = self.rig.loop.report().chunk_sequence
        also = ("latched", "old epoch", "out of order", "future")
        assert self.refusal_of(chunk) in (*kinds, *also)
        assert self.rig.loop.report().chunk_sequence == before

    def refusal_of(self, chunk: ActionChunk) -> str | None:
        try:
            self.rig.loop.add_chunk(chunk, self.rig.now_ns)
        except InputRefused as refusal:
            return refusal.kind
        return None

    def settle(self) -> None:
        """Joint states stop coming for a moment; the arm comes to rest."""
        self.joints_silent(ticks=1)
        for _ in range(1000):
            if self.rig.stands():
                return
            self.rig.tick()
        raise AssertionError("the arm does not come to rest")


class FaultyDaysForwardPosition(FaultyDays):
    """The same with single positions, judged from sample to sample."""

    interface = "forward_position"


STEPS = settings(stateful_step_count=25)
TestFaultyDays = FaultyDays.TestCase
TestFaultyDays.settings = STEPS
TestFaultyDaysForwardPosition = FaultyDaysForwardPosition.TestCase
TestFaultyDaysForwardPosition.settings = STEPS
