"""A control loop with an arm that follows it perfectly, and clocks that a test may bend."""

from dataclasses import replace

import numpy as np
import pytest

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.chunk import ActionChunk
from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.control_loop import ControlLoop
from pi0_ros.core.control_state import Command, ControlState
from pi0_ros.core.errors import InputRefused
from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.trajectory import Trajectory
from pi0_ros.sim.curve_judge import judge, played
from pi0_ros.sim.desired_curve import held, taken_over

from .arms import STEP_NS, assert_within_limits, six_joints
from .played_curve import PlayedCurve

START_NS = 1_000_000_000_000
GOAL = np.array([0.8, 0.4, 1.0, -0.9, 0.9, 1.2])


class Rig:
    """Feeds joint states, ticks the loop and judges what an arm plays.

    Attributes:
        arm_ns: the arm's own time, which nobody sets; the loop's steady clock.
        shift_ns: ROS time minus the arm's time.
        curve: what the arm plays since it was last known to stand.
        sent: positions for a forward position controller since then.
    """

    def __init__(
        self,
        config: ControlConfig | None = None,
        limits: ArmLimits | None = None,
        at: FloatArray | None = None,
    ) -> None:
        self.limits = limits or six_joints()
        self.config = config or ControlConfig()
        self.loop = ControlLoop(self.limits, self.config)
        self.arm_ns = 50_000_000_000
        self.shift_ns = START_NS
        start = np.zeros(self.limits.joints) if at is None else at
        self.sequence = 0
        self._stand_at(start)

    @property
    def now_ns(self) -> int:
        return self.arm_ns + self.shift_ns

    @property
    def state(self) -> ControlState:
        return self.loop.report().state

    @property
    def reason(self) -> str:
        return self.loop.report().reason

    def restart_curve(self) -> None:
        """The arm stands where it is, whatever was sent before."""
        self._stand_at(self.measured())

    def _stand_at(self, position: FloatArray) -> None:
        self.curve = PlayedCurve(self.limits, self.config.tick_ns)
        times = np.array([self.arm_ns - self.config.tick_ns, self.arm_ns])
        message = Trajectory(times, np.stack([position, position]))
        self.curve.arrive(int(times[0]), message)
        self.sent = [position, position]

    def measured(self) -> FloatArray:
        position: FloatArray = self.curve.at(np.array([self.arm_ns]))[0]
        return position

    def stands(self) -> bool:
        """Whether the arm moves no more if nothing more is sent."""
        now, end = self.curve.at(np.array([self.arm_ns, self.curve.end_ns]))
        return bool(np.array_equal(now, end))

    def sense(self, offset: FloatArray | float = 0.0) -> None:
        """One joint state of now, `offset` away from where the arm is."""
        values = (self.measured() + offset).tolist()
        now = self.now_ns
        self.loop.add_joint_state(now, self.limits.joint_names, values, now, self.arm_ns)

    def rest(self, seconds: float = 0.2) -> None:
        """Joint states only, no ticks."""
        for _ in range(round(seconds / 0.01)):
            self.arm_ns += 10_000_000
            self.sense()

    def activate(self) -> None:
        self.rest()
        self.loop.activate(self.now_ns, self.arm_ns)
        self.restart_curve()

    def reset(self) -> None:
        self.loop.reset(self.now_ns, self.arm_ns)
        self.restart_curve()

    def tick(self, late_ticks: float = 0.0, sense: bool = True) -> Command:
        """The next tick, `late_ticks` later than it should be."""
        self.arm_ns += round((1.0 + late_ticks) * self.config.tick_ns)
        if sense:
            self.sense()
        command = self.loop.tick(self.now_ns, self.arm_ns)
        if not command.repeats:
            self.sent = [*self.sent[-100:], command.position]
            self.curve.arrive(self.arm_ns, self._message(command))
        return command

    def _message(self, command: Command) -> Trajectory:
        if self.config.command_interface == "joint_trajectory":
            return replace(command.trajectory, times_ns=command.trajectory.times_ns - self.shift_ns)
        # The position reaches the arm now and is where it shall be one tick later.
        times = self.arm_ns + np.arange(3) * self.config.tick_ns
        here, there = self.measured(), command.position
        return Trajectory(times, np.stack([here, there, there]))

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            self.tick()

    def check(self) -> None:
        """Limits on what the arm plays, or from sample to sample where it gets single positions.

        Raises:
            AssertionError: naming the joint and what it breaks.
        """
        if self.config.command_interface == "joint_trajectory":
            self.curve.check()
        else:
            assert_within_limits(self.limits, self.config.tick_s, np.array(self.sent))

    def check_as_sampled(self) -> None:
        """Limits on what a joint_trajectory_controller samples from the messages, in closed form.

        Raises:
            AssertionError: with every excess.
        """
        arrivals = self.curve.arrivals
        start_ns = arrivals[0][0]
        pieces = [(start_ns, held(self.curve.at(np.array([start_ns]))[0], start_ns))]
        for now_ns, message in arrivals:
            own = pieces[-1][1].at(now_ns)
            curve = taken_over(own, now_ns, message.times_ns, message.positions, None, None)
            pieces.append((now_ns, curve))
        # Forgotten arrivals may have left the arm in motion.
        excess = judge(self.limits, self.config.tick_ns, played(pieces), from_rest=False)
        assert not excess, excess

    def chunk(self, rows: FloatArray, **changes: object) -> ActionChunk:
        """The next chunk in sequence, captured now unless told otherwise."""
        self.sequence += 1
        made = ActionChunk(
            self.now_ns, STEP_NS, self.limits.joint_names, rows, self.sequence, epoch=1
        )
        return replace(made, **changes)  # type: ignore[arg-type]

    def send(self, rows: FloatArray, **changes: object) -> ActionChunk:
        chunk = self.chunk(rows, **changes)
        self.loop.add_chunk(chunk, self.now_ns)
        return chunk

    def refusal(self, rows: FloatArray, **changes: object) -> str:
        """The kind for which a chunk is refused."""
        with pytest.raises(InputRefused) as caught:
            self.send(rows, **changes)
        return caught.value.kind

    def in_motion(self, ticks: int = 20) -> None:
        """On the way to GOAL."""
        self.send(self.way_to(GOAL))
        self.run(ticks)
        assert self.state is ControlState.RUN
        assert self.loop.report().velocity.any()

    def until_rest(self) -> None:
        while not self.stands():
            self.tick()

    def way_to(self, goal: FloatArray, rows: int = 50, speed: float = 0.5) -> FloatArray:
        """Rows from where the plan is toward `goal` at `speed` of the limits, then still."""
        start = self.loop.report().position
        distance = np.max(np.abs(goal - start) / self.limits.velocity)
        share = np.arange(rows) * STEP_NS / 1e9 * speed / max(distance, 1e-9)
        eased = np.clip(share, 0.0, 1.0)[:, np.newaxis]
        return start + (goal - start) * eased * eased * (3.0 - 2.0 * eased)
