"""A control loop that plays a policy's chunks in simulated time, at any latency."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

import numpy as np

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.chunk import ActionChunk
from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.control_loop import ControlLoop
from pi0_ros.core.control_state import ControlState
from pi0_ros.core.errors import InputRefused
from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.observation import Observation
from pi0_ros.policy.chunk_timer import ChunkTimer, TimingConfig
from pi0_ros.policy.interface import Policy

MS = 1_000_000
START_NS = 1_000_000_000_000
# Each stage has its own: policies are used by one after the other.
_EPOCHS = count(1)

Look = Callable[[FloatArray], Mapping[str, np.ndarray]]


@dataclass
class Played:
    """What happened from the first chunk on.

    Attributes:
        splice_errors: one a splice, rad.
        paused: ticks that were not in RUN.
        delays_s: from capture to delivery, one a chunk.
        chunks: as inferred, with their stamps.
    """

    splice_errors: list[float] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    paused: int = 0
    ticks: int = 0
    delays_s: list[float] = field(default_factory=list)
    chunks: list[ActionChunk] = field(default_factory=list)
    positions: list[FloatArray] = field(default_factory=list)


class Stage:
    """An arm that follows perfectly, a camera at 30 Hz, and one inference at a time."""

    def __init__(
        self,
        policy: Policy,
        look: Look,
        limits: ArmLimits,
        start: FloatArray,
        timing: TimingConfig,
        instruction: str = "circle over the red block",
        config: ControlConfig | None = None,
    ) -> None:
        self._policy, self._look, self._limits = policy, look, limits
        self._instruction = instruction
        self._config = config or ControlConfig()
        self._loop = ControlLoop(limits, self._config)
        self._now_ns, self._position = START_NS, start
        self._sequence = 0
        self._timer = ChunkTimer(timing, policy.description.horizon)
        self._epoch = next(_EPOCHS)

    def play(
        self, seconds: float, latency_s: Callable[[int], float], period_s: float = 0.125
    ) -> Played:
        """
        Args:
            latency_s: number of the chunk -> how long its inference takes.
            period_s: time between the begins of two inferences, where they are not slower.
        """
        for _ in range(10):
            self._now_ns += self._config.tick_ns
            self._sense()
        self._loop.activate(self._now_ns, self._now_ns)
        played, due_ns = Played(), self._now_ns
        under_way: tuple[int, ActionChunk] | None = None
        end_ns = self._now_ns + round(seconds * 1e9)
        while self._now_ns < end_ns:
            if under_way is not None and self._now_ns >= under_way[0]:
                self._deliver(*under_way, played)
                under_way = None
            if under_way is None and self._now_ns >= due_ns:
                due_ns = max(due_ns + round(period_s * 1e9), self._now_ns)
                ready_ns = self._now_ns + round(latency_s(self._sequence) * 1e9)
                under_way = ready_ns, self._infer()
            self._tick(played)
        return played

    def _infer(self) -> ActionChunk:
        # The picture is 20 ms old; the arm was then where it is now, within a tick.
        stamp_ns = self._now_ns - 20 * MS
        observation = Observation(
            stamp_ns,
            self._look(self._position),
            self._position,
            self._instruction,
            self._epoch,
            self._timer.observed(stamp_ns),
        )
        rows = self._policy.infer(observation)
        self._sequence += 1
        names = self._limits.joint_names
        return ActionChunk(stamp_ns, 1, names, rows, self._sequence, self._epoch)

    def _deliver(self, ready_ns: int, chunk: ActionChunk, played: Played) -> None:
        delay_ns = ready_ns - chunk.stamp_ns
        step_ns = self._timer.published(self._epoch, chunk.stamp_ns, ready_ns)
        chunk = replace(chunk, step_ns=step_ns)
        try:
            self._loop.add_chunk(chunk, self._now_ns)
        except InputRefused as refusal:
            played.rejected[refusal.kind] += 1
            return
        played.delays_s.append(delay_ns / 1e9)
        played.chunks.append(chunk)

    def _tick(self, played: Played) -> None:
        self._now_ns += self._config.tick_ns
        self._sense()
        self._position = self._loop.tick(self._now_ns, self._now_ns).position
        report = self._loop.report()
        if played.chunks:
            played.ticks += 1
            played.paused += report.state is not ControlState.RUN
        played.splice_errors.extend(report.splice_errors)
        played.positions.append(self._position)

    def _sense(self) -> None:
        self._loop.add_joint_state(
            self._now_ns,
            self._limits.joint_names,
            self._position.tolist(),
            self._now_ns,
            self._now_ns,
        )
