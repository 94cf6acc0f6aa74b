"""Inference when pictures come, at a mean rate, in a thread of its own."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.chunk import ActionChunk
from pi0_ros.core.errors import InputRefused, ObservationNotReady, PolicyError, PolicyLost
from pi0_ros.core.instruction import checked_instruction
from pi0_ros.core.observation import Observation
from pi0_ros.core.observation_builder import INSTRUCTION, ObservationBuilder
from pi0_ros.core.pacing import Pace
from pi0_ros.policy.chunk_timer import ChunkTimer, TimingConfig
from pi0_ros.policy.interface import Policy
from pi0_ros.ros.chunk_record import ChunkRecord
from pi0_ros.ros.inference_listener import InferenceListener, InferenceView, Inferred

# A single failure is reported; from the second in a row on the policy counts as not working.
_FAILURES_IN_A_ROW = 2
_BEAT_NS = 20_000_000  # Between two looks at what is there while nothing comes.


@dataclass(frozen=True, slots=True)
class InferenceConfig:
    """How chunks are made.

    Attributes:
        rate_hz: chunks wanted per second of ROS time; there are fewer where pictures are slower.
        timing: when rows are due.
        joint_names: name of each column.
        instruction_max_bytes: longest instruction in UTF-8.
    """

    rate_hz: float
    timing: TimingConfig
    joint_names: tuple[str, ...]
    instruction_max_bytes: int


class InferenceThread:
    """Observation in, chunk out, while active; instructions are taken at any time.

    Public methods may be called from any thread; the policy is used by one at a time. A chunk is
    published only if, by then, the thread is still active and no other instruction has come.
    """

    def __init__(
        self,
        policy: Policy,
        builder: ObservationBuilder,
        config: InferenceConfig,
        now_ns: Callable[[], int],
        listener: InferenceListener,
    ) -> None:
        self._policy = policy
        self._builder = builder
        self._config = config
        self._now_ns = now_ns
        self._listener = listener
        self._ending = threading.Event()
        # Held by whoever uses the policy.
        self._in_policy = threading.Lock()
        # Guards everything below; never held during inference.
        self._lock = threading.RLock()
        self._active = False
        self._epoch = 0
        self._sequence = 0
        self._failures = 0
        self._problem = ""
        self._busy_since_ns: int | None = None
        self._record = ChunkRecord()
        self._timer = ChunkTimer(config.timing, policy.description.horizon)
        self._instructions: deque[str] = deque()
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self, timeout_s: float) -> None:
        """Returns when the thread has ended, or after `timeout_s` while it is in the policy."""
        self.deactivate()
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def activate(self) -> None:
        """Begins a new epoch. Epochs rise over restarts of the process: they begin at the time."""
        with self._lock:
            self._epoch = max(self._epoch + 1, int(time.time()))
            self._failures = 0
            self._problem = "waiting for the first chunk"
            self._record.restart()
            self._timer.forget()
            self._active = True

    def deactivate(self) -> None:
        """Nothing is published any more when this returns."""
        with self._lock:
            self._active = False
            self._failures = 0
            self._problem = ""

    def take_instruction(self, text: str) -> None:
        """Puts an instruction in force, unless it is refused: now, or after the inference under way
        (whose chunk is then dropped).
        """
        self._instructions.append(text)
        self._apply_instructions_if_free()

    def view(self, steady_ns: int) -> InferenceView:
        with self._lock:
            return InferenceView(
                epoch=self._epoch,
                problem=self._problem,
                failing=self._failures >= _FAILURES_IN_A_ROW,
                busy_since_ns=self._busy_since_ns,
                chunks=self._record.chunks,
                chunk_rate_hz=self._record.rate_hz(steady_ns),
                inference_last_s=self._record.last_s,
                inference_p50_s=self._record.p50_s,
                stretch=self._timer.stretch,
            )

    def _run(self) -> None:
        try:
            self._infer_while_wanted()
        except Exception as error:  # noqa: BLE001  a thread's exceptions end nothing by themselves
            self._listener.fail(error)

    def _infer_while_wanted(self) -> None:
        pace, sets = Pace(self._config.rate_hz), self._builder.sets
        while not self._ending.is_set():
            is_new = sets.wait(time.monotonic_ns() + pace.wait_ns(self._now_ns(), _BEAT_NS))
            now_ns, steady_ns = self._now_ns(), time.monotonic_ns()
            if not self._active:
                pace.rest()
                self._pause(steady_ns)
            elif pace.wants(is_new, now_ns):
                with self._in_policy:
                    was_ready = self._infer()
                # One that came in the last moment found the policy in use.
                self._apply_instructions_if_free()
                if was_ready:
                    pace.began(now_ns)
                else:
                    self._pause(steady_ns)
            elif is_new:
                sets.take()
            self._listener.beat()

    def _pause(self, since_ns: int) -> None:
        """Input that stays, not wanted now, would be found again at once."""
        self._ending.wait(max(0, since_ns + _BEAT_NS - time.monotonic_ns()) / 1e9)

    def _infer(self) -> bool:
        """Whether there was an observation."""
        steady_ns = time.monotonic_ns()
        with self._lock:
            epoch = self._epoch
            try:
                observation = self._builder.build(self._now_ns(), steady_ns)
            except ObservationNotReady:
                # The builder's problems are reported by whoever asks it.
                self._timer.interrupted(self._now_ns())
                return False
            chunk_time = self._timer.observed(observation.stamp_ns)
            observation = replace(observation, epoch=epoch, time=chunk_time)
            self._busy_since_ns = steady_ns
        try:
            positions = self._checked(self._policy.infer(observation))
        except PolicyLost:
            # Ends the thread, and with it the process.
            raise
        except PolicyError as error:
            self._failed(error)
        except InputRefused as refusal:
            self._failed(PolicyError(str(refusal)))
        else:
            inference_ns = time.monotonic_ns() - steady_ns
            self._apply_instructions()
            self._publish(observation, positions, epoch, inference_ns)
        finally:
            with self._lock:
                self._busy_since_ns = None
        return True

    def _publish(
        self, observation: Observation, positions: FloatArray, epoch: int, inference_ns: int
    ) -> None:
        with self._lock:
            if not self._active or epoch != self._epoch:
                return
            self._sequence += 1
            stamp_ns = observation.stamp_ns
            chunk = ActionChunk(
                stamp_ns=stamp_ns,
                step_ns=self._timer.published(epoch, stamp_ns, self._now_ns()),
                joint_names=self._config.joint_names,
                positions=positions,
                sequence=self._sequence,
                epoch=epoch,
            )
            self._failures = 0
            self._problem = ""
            self._record.published(time.monotonic_ns(), inference_ns)
            self._listener.publish_chunk(Inferred(chunk, observation.instruction, inference_ns))

    def _checked(self, positions: FloatArray) -> FloatArray:
        """The last look before anything leaves, whatever policy is behind the interface."""
        expected = self._policy.description.horizon, len(self._config.joint_names)
        if positions.shape != expected:
            raise PolicyError(f"expected a chunk of shape {expected}, got {positions.shape}")
        if not bool(np.all(np.isfinite(positions))):
            bad = int(np.count_nonzero(~np.isfinite(positions)))
            raise PolicyError(f"{bad} of {positions.size} values of the chunk are not finite")
        return positions

    def _failed(self, error: PolicyError) -> None:
        with self._lock:
            self._failures += 1
            if self._failures >= _FAILURES_IN_A_ROW:
                self._problem = f"policy: {error} ({self._failures} times in a row)"
        self._listener.inference_failed(error)

    def _apply_instructions_if_free(self) -> None:
        while self._instructions and self._in_policy.acquire(blocking=False):
            try:
                self._apply_instructions()
            finally:
                self._in_policy.release()

    def _apply_instructions(self) -> None:
        while self._instructions:
            text = self._instructions.popleft()
            try:
                self._policy.check_instruction(
                    checked_instruction(text, self._config.instruction_max_bytes)
                )
            except InputRefused as refusal:
                self._builder.refuse(INSTRUCTION, refusal.kind)
                self._listener.instruction_refused(refusal)
                continue
            with self._lock:
                if self._builder.set_instruction(text, time.monotonic_ns()):
                    self._epoch += 1
            self._listener.beat()
