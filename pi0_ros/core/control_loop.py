"""Chunks in, limited motion out: one decision a tick.

Each tick keeps what is already promised to the arm, adds governed motion toward what the chunk in
play asks for, and ends in braking. Whenever the ticks stop, the arm plays what it has and comes to
rest within its limits; when they come back late, they continue from that braking.
"""

import threading
from collections.abc import Sequence

from pi0_ros.core.admission import ArmNow
from pi0_ros.core.arm_checks import arm_problems, outside_limits, stands_at, takeover_problems
from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.chunk import ActionChunk
from pi0_ros.core.chunk_player import ChunkPlayer
from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.control_mode import WAITING_FOR_CHUNK, ControlMode
from pi0_ros.core.control_report import control_report
from pi0_ros.core.control_state import Command, ControlReport, ControlState
from pi0_ros.core.errors import ConfigurationError, ControlRefused, InputRefused
from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.loop_clock import LoopClock
from pi0_ros.core.measured_state import MeasuredState
from pi0_ros.core.planner import Planner


class ControlLoop:
    """The controller without ROS. Methods may be called from any thread; `_` ones with the lock."""

    def __init__(self, limits: ArmLimits, config: ControlConfig) -> None:
        self._lock = threading.RLock()
        self._config = config
        self._measured = MeasuredState(limits.joint_names, config.slowest_clock)
        self._planner = Planner(limits, config)
        self._player = ChunkPlayer(limits, config)
        self._mode = ControlMode()
        self._clock = LoopClock()
        self._clock_problem = ""
        self._not_before_ns = 0

    def add_joint_state(
        self,
        stamp_ns: int,
        names: Sequence[str],
        positions: Sequence[float],
        now_ns: int,
        steady_ns: int,
    ) -> None:
        """Takes a joint state.

        Raises:
            InputRefused: see MeasuredState.add.
        """
        with self._lock:
            self._watch_clock(now_ns)
            position = self._measured.add(stamp_ns, names, positions, now_ns, steady_ns)
            self._player.shadow.add_measured(stamp_ns, position)
            self._clock_problem = ""

    def add_chunk(self, chunk: ActionChunk, now_ns: int) -> None:
        """Splices a chunk in at the end of what is promised.

        Raises:
            InputRefused: it is not played; the kind is counted.
        """
        with self._lock:
            self._watch_clock(now_ns)
            try:
                self._splice(chunk, now_ns)
            except InputRefused as refusal:
                self._player.refuse(refusal)
                raise

    def _splice(self, chunk: ActionChunk, now_ns: int) -> None:
        if not self._mode.active:
            raise InputRefused("inactive", "the controller is not active")
        if self._config.dry_run:
            self._player.shadow.add_chunk(chunk, now_ns)
        if self._mode.latched:
            raise InputRefused("latched", f"the controller is latched: {self._mode.reason}")
        if self._mode.pauses.reasons:
            raise InputRefused("held", f"the controller holds: {self._mode.reason}")
        # In a dry run nobody follows the plan: what a chunk would do begins where the arm is.
        measured = self._measured.newest if self._config.dry_run else None
        here = self._planner.promised_position if measured is None else measured[1]
        arm = ArmNow(here, self._splice_ns(now_ns), self._not_before_ns)
        self._player.take(chunk, now_ns, arm, afresh=measured is not None)
        if measured is not None:
            self._planner.jump_to(here)

    def tighten(self, limits: ArmLimits) -> None:
        """Puts narrower limits in force.

        Raises:
            ConfigurationError: a limit would be loosened, the joints differ, the arm moves or
                stands outside the new limits, or it is a jerk limit.
        """
        with self._lock:
            if not self._planner.limits.contains(limits):
                raise ConfigurationError("limits can be tightened at run time, never loosened")
            if not self._planner.at_rest:
                raise ConfigurationError("limits change only at rest: call pi0_controller/hold")
            if self._mode.active:
                outside = outside_limits(limits, self._planner.final_position)
                if outside:
                    raise ConfigurationError("; ".join(outside))
            self._planner.tighten(limits)
            self._player.tighten(limits)
            if self._mode.state is ControlState.RUN:
                self._hold(f"limits tightened; {WAITING_FOR_CHUNK}")

    def change_speed(self, scale: float, now_ns: int) -> None:
        """Plays chunks `scale` times as fast, within the same share of the velocity limits.

        Raises:
            ConfigurationError: `scale` is not above 0 and at most 1.
        """
        with self._lock:
            self._player.change_speed(scale, self._splice_ns(now_ns))

    def activation_problems(self, now_ns: int, steady_ns: int) -> tuple[str, ...]:
        """Why the controller cannot take the arm over now; empty when it can."""
        with self._lock:
            limits = self._planner.limits
            arm = takeover_problems(limits, self._config, self._measured, now_ns, steady_ns)
            return (*self._mode.vetoes.reasons, *arm)

    def activate(self, now_ns: int, steady_ns: int) -> None:
        """Takes the arm over where it is, at rest.

        Raises:
            ControlRefused: with all reasons of `activation_problems`.
        """
        with self._lock:
            self._anchor(now_ns, steady_ns)
            self._planner.restart_record()
            self._player.restart()

    def deactivate(self) -> None:
        """Ends at once; single positions leave a moving arm no way to rest: `pause` it before."""
        with self._lock:
            self._player.drop()
            self._mode.end()

    def hold(self, reason: str) -> None:
        """Brakes and stays until `reset`.

        Raises:
            ControlRefused: the controller is not active.
        """
        with self._lock:
            if not self._mode.active:
                raise ControlRefused("cannot hold: the controller is not active")
            self._latch(reason)

    def veto(self, source: str, reason: str) -> bool:
        """Latches, and allows no activation and no reset until `source` takes it back.

        Args:
            reason: empty to take it back; that alone ends no latch.

        Returns:
            Whether this latched.
        """
        with self._lock:
            if must_latch := self._mode.must_latch(source, reason):
                self._latch(reason)
            return must_latch

    def pause(self, source: str, reason: str) -> bool:
        """Holds until `source` takes it back; motion then goes on with a chunk observed after that.

        Args:
            reason: empty to take it back.

        Returns:
            Whether this ended or began a pause of a loop that is neither latched nor inactive.
        """
        with self._lock:
            if changed := self._mode.pause_changed(source, reason):
                self._hold(reason or WAITING_FOR_CHUNK)
            return changed

    def reset(self, now_ns: int, steady_ns: int) -> None:
        """Leaves LATCHED: anchors the plan where the arm is now and waits for a new chunk.

        An arm that stands where it was told to goes on from what it was told: what is left of its
        lag would be a step in the command.

        Raises:
            ControlRefused: not latched, still braking, or any of `activation_problems`.
        """
        with self._lock:
            if not self._mode.latched:
                raise ControlRefused(f"nothing to reset: the state is {self._mode.state.name}")
            if not self._planner.at_rest:
                raise ControlRefused("cannot reset: the arm is still braking")
            self._anchor(now_ns, steady_ns, self._planner.final_position)

    def tick(self, now_ns: int, steady_ns: int) -> Command:
        """Decides what is sent now.

        Raises:
            ControlRefused: the controller is not active.
        """
        with self._lock:
            if not self._mode.active:
                raise ControlRefused("cannot tick: the controller is not active")
            rested = self._mode.latched and self._planner.at_rest
            self._watch_clock(now_ns)
            moved_ns, ahead_s = self._clock.tick(now_ns, steady_ns)
            self._planner.follow_clock(moved_ns)
            if ahead_s > 0.0:
                self._forget_time(now_ns, f"the clock jumped ahead by {ahead_s:.2f} s")
            self._supervise(now_ns, steady_ns)
            # Outside RUN there is no playback, and the planner brakes.
            self._planner.advance(now_ns, self._player.playback, self._player.speed)
            self._player.stand_if_idle(self._splice_ns(now_ns), self._planner.braking_s)
            self._planner.record.ticked(steady_ns, self._player.age_s(now_ns))
            return Command(
                trajectory=self._planner.trajectory(),
                position=self._planner.next_position(),
                state_changed=self._mode.changed(),
                at_rest=self._planner.at_rest,
                repeats=rested,
            )

    def _supervise(self, now_ns: int, steady_ns: int) -> None:
        """Chooses the state from what is known now."""
        if self._mode.latched:
            return
        age_s, newest = self._measured.age_s(now_ns, steady_ns), self._measured.newest
        if age_s is None or newest is None or not age_s <= self._config.joint_max_age_s:
            seen = "never received" if age_s is None else "stale"
            self._not_before_ns = now_ns
            self._hold(self._clock_problem or f"joint_states: {seen}")
            return
        planned = self._planner.planned_at(newest[0])
        problems = arm_problems(self._planner.limits, self._config, planned, newest[1])
        playback = self._player.playback
        if problems:
            self._latch(problems[0])
        elif self._mode.pauses.reasons:
            self._not_before_ns = now_ns
            self._hold(self._mode.pauses.reasons[0])
        elif playback is None:
            # Until a chunk comes, the reason that led here stands.
            self._hold(self._mode.reason)
        elif playback.ended(self._splice_ns(now_ns) + self._config.tick_ns):
            # One step earlier than it must: a step cut short would bend the path.
            self._hold(f"chunk {playback.chunk.sequence} ran out; {WAITING_FOR_CHUNK}")
        else:
            self._mode.run()

    @property
    def at_rest(self) -> bool:
        """Whether the arm is at rest once it has followed what was sent."""
        with self._lock:
            return self._planner.at_rest

    def report(self) -> ControlReport:
        """What happened; timing entries are handed out once."""
        with self._lock:
            return control_report(
                self._mode.state, self._mode.reason, self._config, self._planner, self._player
            )

    def _splice_ns(self, now_ns: int) -> int:
        """The first instant that is not promised yet."""
        return now_ns + self._config.promised_ticks * self._config.tick_ns

    def _anchor(self, now_ns: int, steady_ns: int, told: FloatArray | None = None) -> None:
        problems = self.activation_problems(now_ns, steady_ns)
        if problems or self._measured.newest is None:
            raise ControlRefused("; ".join(problems))
        limits, measured = self._planner.limits, self._measured.newest[1]
        if told is None or not stands_at(limits, self._config.tick_s, told, measured):
            told = measured
        self._planner.start(told, now_ns)
        self._player.stand_if_idle(now_ns)
        self._clock.restart(now_ns, steady_ns)
        self._not_before_ns = now_ns
        self._hold(WAITING_FOR_CHUNK)

    def _hold(self, reason: str) -> None:
        """Brakes until a new chunk arrives."""
        self._player.drop()
        self._mode.hold(reason)

    def _latch(self, reason: str) -> None:
        """Brakes until `reset`."""
        self._player.drop()
        self._mode.latch(reason)

    def _watch_clock(self, now_ns: int) -> None:
        if self._clock.set_back(now_ns):
            self._forget_time(now_ns, "the clock stepped back")

    def _forget_time(self, now_ns: int, problem: str) -> None:
        """Brakes and forgets everything stamped."""
        self._clock_problem = problem
        self._not_before_ns = now_ns
        self._measured.forget()
        self._player.forget_stamps()
        if self._mode.active and not self._mode.latched:
            self._hold(problem)
