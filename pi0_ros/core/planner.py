"""Extends the motion plan tick by tick, inside limits, always ending at rest."""

from itertools import pairwise
from math import ceil

import numpy as np

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.command_record import CommandRecord
from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.governor import brake, governed_step
from pi0_ros.core.jerk_filter import FilteredPlan, filter_ticks
from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.motion_plan import MotionPlan
from pi0_ros.core.playback import Playback
from pi0_ros.core.speed_scale import SpeedScale
from pi0_ros.core.trajectory import Trajectory

# Planned ticks kept behind the present one, to compare late measurements with.
_HISTORY_TICKS = 50
# Messages begin at least so long before they are sent. joint_trajectory_controller plays a message
# that has begun as it is; only on the way to a first point that is still to come would it start at
# a state of its own, as its parameter interpolate_from_desired_state says.
_BEGUN_NS = 20_000_000


class Planner:
    """The plan, its time line and a record of what was commanded.

    What lies within `promised_ticks` of the present is never changed: it may be on its way. Beyond
    it every tick plans anew: governed motion, then braking. A tick that comes late finds the plan's
    own braking inside what is promised and continues from there.

    With a jerk limit what is played is a moving average of the plan: see `jerk_filter`. Motion is
    planned without it, and everything that leaves, or is compared with the arm, went through it.

    Attributes:
        limits: in force.
        filter_ticks: how many ticks are averaged, as the first limits need it.
    """

    def __init__(self, limits: ArmLimits, config: ControlConfig) -> None:
        """
        Raises:
            ConfigurationError: a jerk limit is too low.
        """
        self.limits = limits
        self._config = config
        self.filter_ticks = filter_ticks(limits, config.tick_s)
        self._on_grid = config.command_interface == "joint_trajectory"
        self.record = CommandRecord(limits.joints)
        self.start(np.zeros(limits.joints), 0)

    def tighten(self, limits: ArmLimits) -> None:
        """Plans within narrower limits from now on; the plan must be at rest.

        Raises:
            ConfigurationError: they need a longer average, whose memory would reach back into
                motion that was promised otherwise.
        """
        if filter_ticks(limits, self._config.tick_s) > self.filter_ticks:
            raise ConfigurationError(
                "max_jerk cannot be tightened at run time: configure the controller anew"
            )
        self.limits = limits

    def start(self, position: FloatArray, now_ns: int) -> None:
        """A new time line: at rest at `position`, shape (joints,)."""
        self._plan = MotionPlan.at_rest(0, position)
        self._origin_ns = self._tick_ns = now_ns
        self._tick = 0
        self._promised = 0

    def jump_to(self, position: FloatArray) -> None:
        """At rest at `position` from the promised instant on, shape (joints,).

        No arm could follow: only for a plan that is not sent.
        """
        self._plan = MotionPlan.at_rest(self._promised, position)

    def follow_clock(self, shift_ns: int) -> None:
        """Goes on along the same plan on a clock that was set by `shift_ns`.

        The arm is on the plan, wherever the clock went, and must not be made to jump off it.
        """
        self._origin_ns += shift_ns
        self._tick_ns += shift_ns

    def restart_record(self) -> None:
        self.record = CommandRecord(self.limits.joints)

    @property
    def _played(self) -> FilteredPlan:
        return FilteredPlan(self._plan, self.filter_ticks)

    @property
    def promised_position(self) -> FloatArray:
        """Where new motion begins, shape (joints,)."""
        return self._plan.position(self._promised)

    @property
    def commanded_position(self) -> FloatArray:
        """Where the arm is at the promised instant, shape (joints,): a jerk limit delays it."""
        return self._played.position(self._promised)

    @property
    def promised_ns(self) -> int:
        """When that is."""
        return self._tick_ns + self._config.promised_ticks * self._config.tick_ns

    @property
    def final_position(self) -> FloatArray:
        """Where the arm comes to rest if nothing more is planned, shape (joints,)."""
        return self._plan.position(self._plan.last)

    @property
    def braking_s(self) -> float:
        """From the promised instant until the arm is at rest if nothing more is planned."""
        return max(0, self._plan.last - self._promised) * self._config.tick_s

    @property
    def at_rest(self) -> bool:
        return self._played.at_rest_from(self._promised)

    def planned_at(self, stamp_ns: int) -> FloatArray:
        """Planned position at a time, shape (joints,).

        An arm that waits long for the next tick goes on along the trajectory it has; with
        forward_position it stands where the newest command brought it.
        """
        ticks = (stamp_ns - self._tick_ns) // self._config.tick_ns
        return self._played.position(self._tick + (ticks if self._on_grid else min(ticks, 1)))

    def advance(
        self, now_ns: int, playback: Playback | None, speed: SpeedScale | None = None
    ) -> None:
        """Plans on toward `playback`, or brakes where there is none.

        Args:
            speed: scales the velocity limits; None for all of them.
        """
        config, dt_s = self._config, self._config.tick_s
        tick, tick_ns = self._next_tick(now_ns)
        promised = tick + config.promised_ticks
        if promised > self._promised:
            # The clock may have gone on by years, but no motion lies beyond the plan's end.
            played = self._played
            newest = min(promised, max(self._promised, played.last) + 1)
            self.record.commanded(played.between(self._promised - 1, newest), dt_s)
        position = self._plan.position(promised)
        velocity = self._plan.velocity(promised, dt_s)
        governed: list[FloatArray] = []
        if playback is not None:
            ahead = config.promised_ticks + np.arange(config.lookahead_ticks + 1)
            times_ns = tick_ns + ahead * config.tick_ns
            targets = playback.targets(times_ns)
            scales = np.ones(len(targets)) if speed is None else speed.at(times_ns)
            for (target_before, target), scale in zip(pairwise(targets), scales, strict=False):
                position, velocity = governed_step(
                    self.limits, dt_s, position, velocity, target_before, target, scale
                )
                governed.append(position)
            self.record.followed(targets[1], governed[0])
        braking = brake(self.limits, dt_s, position, velocity)
        oldest = tick - _HISTORY_TICKS - self.filter_ticks
        self._plan = self._plan.replaced_after(
            promised, np.vstack([*governed, braking]), keep_from=oldest
        )
        self._tick, self._tick_ns, self._promised = tick, tick_ns, promised

    def _next_tick(self, now_ns: int) -> tuple[int, int]:
        """Index and time of the present tick; with forward_position each command is one tick."""
        if not self._on_grid:
            return self._tick + 1, now_ns
        tick = max((now_ns - self._origin_ns) // self._config.tick_ns, self._tick)
        return tick, self._origin_ns + tick * self._config.tick_ns

    def trajectory(self) -> Trajectory:
        """The plan from shortly before the present tick to rest, on the tick grid."""
        begun = ceil(_BEGUN_NS / self._config.tick_ns)
        played = self._played
        last = max(played.last, self._promised + 1)
        rows = played.between(self._tick - begun, last)
        ticks = np.arange(len(rows)) - begun
        return Trajectory(self._tick_ns + ticks * self._config.tick_ns, rows)

    def next_position(self) -> FloatArray:
        """Where the joints are to be one tick from now, shape (joints,)."""
        return self._played.position(self._tick + 1)
