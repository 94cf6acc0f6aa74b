"""What was seen of a running demo, without ROS: the newest of everything, and the steady part."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pi0_ros.cli.demo.command_oracle import CommandOracle
from pi0_ros.cli.demo.reaching import Reaching
from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.statistics import Spread, spread

# RUN must have lasted this long: while processes still load, it may come and go.
_SETTLED_S = 1.0
_FRESH_S = 0.5
# Samples behind the live figures: about ten seconds.
_RECENT_TICKS = 500
_RECENT_CHUNKS = 80


@dataclass(frozen=True, slots=True)
class Stream:
    """An input of the policy, as PolicyStatus has it."""

    name: str
    age_s: float
    received: int
    dropped: int
    refused: int


@dataclass(frozen=True, slots=True)
class PolicyView:
    """A PolicyStatus; `at_s` is when it arrived, steady clock."""

    at_s: float
    state: str
    mode: str
    reason: str
    policy_id: str
    device: str
    instruction: str
    streams: tuple[Stream, ...]
    refused: Mapping[str, int]
    chunk_rate_hz: float
    stretch: float


@dataclass(frozen=True, slots=True, eq=False)
class SafetyView:
    """A SafetyReport; arrays are in the order of `joint_names`."""

    at_s: float
    state: str
    reason: str
    sequence: int
    joint_names: tuple[str, ...]
    position: Sequence[float]
    velocity: Sequence[float]
    velocity_limit: Sequence[float]
    limited_ticks: Sequence[int]
    displacement: Sequence[float]
    slow_down: float
    chunks_accepted: int
    rejected: Mapping[str, int]
    splice_errors: Sequence[float]
    dry_run: bool
    divergence_after_s: float
    divergence: Sequence[float]
    divergence_rms: Sequence[float]
    divergence_chunks: int
    tick_periods_s: Sequence[float]
    action_ages_s: Sequence[float]


@dataclass(frozen=True, slots=True)
class Hold:
    """The controller left RUN; `at_s` since steady running began."""

    at_s: float
    reason: str


@dataclass(slots=True)
class SteadyPart:
    """Everything counted since steady running began, at `began_s` on the steady clock."""

    began_s: float
    first_policy: PolicyView
    first_safety: SafetyView
    tick_periods_s: list[float] = field(default_factory=list)
    action_ages_s: list[float] = field(default_factory=list)
    inference_s: list[float] = field(default_factory=list)
    splice_errors: list[float] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)


class DemoRecord:
    """Takes what the monitor hears, in the order of arrival, from one thread."""

    def __init__(
        self, oracle: CommandOracle, dry_run: bool = False, reaching: Reaching | None = None
    ) -> None:
        """
        Args:
            dry_run: whether the controller was told to send nothing.
            reaching: judges a simulated arm; None where there is none.
        """
        self.oracle = oracle
        self.dry_run = dry_run
        self.reaching = reaching
        self.policy: PolicyView | None = None
        self.previous_policy: PolicyView | None = None
        self.safety: SafetyView | None = None
        self.steady: SteadyPart | None = None
        self.lost_reports = 0
        self.lost_chunks = 0
        self.peak_velocity_measured: FloatArray = np.zeros(oracle.limits.joints)
        self._joint_states = 0
        self._chunk_sequence: int | None = None
        self._run_since_s: float | None = None
        self._recent_ticks_s: deque[float] = deque(maxlen=_RECENT_TICKS)
        self._recent_ages_s: deque[float] = deque(maxlen=_RECENT_TICKS)
        self._recent_inference_s: deque[float] = deque(maxlen=_RECENT_CHUNKS)

    def add_policy(self, view: PolicyView) -> None:
        self.previous_policy, self.policy = self.policy, view
        if self.steady is None and self.safety is not None and not self.waiting_for():
            # At a status, so that its counters are those of this very moment.
            self.steady = SteadyPart(view.at_s, view, self.safety)
            self.oracle.restart_peaks()
            self.peak_velocity_measured = np.zeros(self.oracle.limits.joints)

    def add_safety(self, view: SafetyView) -> None:
        before, self.safety = self.safety, view
        if before is not None:
            self.lost_reports += max(0, view.sequence - before.sequence - 1)
        if view.state != "RUN":
            self._run_since_s = None
        elif self._run_since_s is None:
            self._run_since_s = view.at_s
        self._recent_ticks_s.extend(view.tick_periods_s)
        self._recent_ages_s.extend(view.action_ages_s)
        if self.steady is None:
            return
        self.steady.tick_periods_s.extend(view.tick_periods_s)
        self.steady.action_ages_s.extend(view.action_ages_s)
        self.steady.splice_errors.extend(view.splice_errors)
        changed = before is not None and (before.state, before.reason) != (view.state, view.reason)
        if view.state != "RUN" and changed:
            self.steady.holds.append(
                Hold(view.at_s - self.steady.began_s, f"{view.state}: {view.reason}")
            )

    def add_chunk(self, sequence: int, inference_s: float) -> None:
        if self._chunk_sequence is not None:
            self.lost_chunks += max(0, sequence - self._chunk_sequence - 1)
        self._chunk_sequence = sequence
        self._recent_inference_s.append(inference_s)
        if self.steady is not None:
            self.steady.inference_s.append(inference_s)

    def add_trajectory(self, times_ns: NDArray[np.int64], positions: FloatArray) -> None:
        self.oracle.add_trajectory(times_ns, positions)

    def add_position(self, positions: FloatArray) -> None:
        self.oracle.add_position(positions)

    def add_joint_velocity(self, velocity: FloatArray) -> None:
        """Measured velocities in the order of the limits' joints."""
        self._joint_states += 1
        self.peak_velocity_measured = np.maximum(self.peak_velocity_measured, np.abs(velocity))

    def waiting_for(self) -> str:
        """What steady running still lacks, in words; empty when nothing."""
        policy, safety = self.policy, self.safety
        if policy is None:
            return "the policy process (it loads torch and LeRobot)"
        if policy.state != "RUNNING":
            return f"the policy ({policy.state}): {policy.reason or 'no reason given'}"
        stale = [s.name for s in policy.streams[:-1] if not 0.0 <= s.age_s <= _FRESH_S]
        if stale:
            return f"the streams {', '.join(stale)}"
        if safety is None:
            return "the controller's first report"
        if safety.state != "RUN" or self._run_since_s is None:
            rejected = ", ".join(f"{count} {kind}" for kind, count in safety.rejected.items())
            return f"the controller ({safety.state}): {safety.reason or 'no reason given'}" + (
                f"; chunks rejected: {rejected}" if rejected else ""
            )
        if safety.dry_run != self.dry_run:
            return f"a report of the controller with dry_run {str(self.dry_run).lower()}"
        if self.oracle.messages == 0 and not self.dry_run:
            return "the first command to the arm"
        if self._joint_states == 0:
            return "joint states with velocities"
        if max(safety.at_s, policy.at_s) - self._run_since_s < _SETTLED_S:
            return "the controller to stay in RUN for a second"
        return ""

    def steady_s(self, now_s: float) -> float:
        """Seconds of steady running; 0 before it."""
        return 0.0 if self.steady is None else now_s - self.steady.began_s

    @property
    def recent_ticks_s(self) -> Spread | None:
        return spread(self._recent_ticks_s)

    @property
    def recent_ages_s(self) -> Spread | None:
        return spread(self._recent_ages_s)

    @property
    def recent_inference_s(self) -> Spread | None:
        return spread(self._recent_inference_s)

    def stream_rate_hz(self, index: int) -> float | None:
        """Messages per second of an input between the last two statuses that differ in time."""
        new, old = self.policy, self.previous_policy
        if new is None or old is None or index >= min(len(new.streams), len(old.streams)):
            return None
        elapsed_s = new.at_s - old.at_s
        count = new.streams[index].received - old.streams[index].received
        return count / elapsed_s if elapsed_s > 0.0 and count >= 0 else None
