"""The whole bridge in one process on simulated time: exact, repeatable, as fast as it computes.

Observation building, chunk admission, playback and limits are the ones that run behind the topics.
Only the carrying is different: nothing is sent, time is what the loop says it is, and a chunk is
there `latency_s` after its pictures, however long it took to compute.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray, frozen
from pi0_ros.core.chunk import ActionChunk
from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.control_loop import ControlLoop
from pi0_ros.core.control_state import ControlReport
from pi0_ros.core.errors import ConfigurationError, InputRefused
from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.observation import Observation
from pi0_ros.core.observation_builder import ObservationBuilder
from pi0_ros.core.observation_config import ObservationConfig
from pi0_ros.core.trajectory import Trajectory
from pi0_ros.sim.arm_command import UncheckedTrajectory
from pi0_ros.sim.commanded_arm import ArmState

Draw = Callable[[FloatArray], Mapping[str, NDArray[np.uint8]]]
Infer = Callable[[Observation], FloatArray]

_NS = 1_000_000_000
# Simulated time begins here: a stamp of zero means "never" in some places.
_BEGIN_NS = _NS
# The arm must have been seen at rest before it is taken over.
_REST_S = 0.2


class SimulatedArm(Protocol):
    """What follows commands and is measured."""

    @property
    def joint_names(self) -> tuple[str, ...]: ...

    def accept_trajectory(self, trajectory: UncheckedTrajectory, now_ns: int) -> None: ...

    def step(self, now_ns: int) -> ArmState: ...


@dataclass(frozen=True, slots=True)
class LockstepConfig:
    """How the bridge runs.

    Attributes:
        action_rate_hz: rows of a chunk a second.
        ticks_per_chunk: control ticks between two inferences.
        latency_s: from a picture to its chunk at the controller; whole control ticks.
        limited: False sends every chunk to the arm as it comes, without admission or limits.
        control: the controller's parameters; its interface is joint_trajectory.
    """

    action_rate_hz: float
    ticks_per_chunk: int = 5
    latency_s: float = 0.06
    limited: bool = True
    control: ControlConfig = field(default_factory=ControlConfig)

    def __post_init__(self) -> None:
        if not 0.0 < self.action_rate_hz <= 1000.0:
            raise ConfigurationError(
                f"action_rate must be above 0 and at most 1000 Hz, got {self.action_rate_hz}"
            )
        if self.ticks_per_chunk < 1 or not 0.0 <= self.latency_s < 10.0:
            raise ConfigurationError(
                f"expected ticks_per_chunk >= 1 and latency 0 to 10 s, got {self.ticks_per_chunk} "
                f"and {self.latency_s}"
            )
        if self.control.command_interface != "joint_trajectory":
            raise ConfigurationError("lockstep: command_interface must be joint_trajectory")


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One control tick.

    Attributes:
        time_ns: simulated time.
        measured: joint positions, shape (joints,), rad.
        commanded: where the arm is told to be now, shape (joints,), rad.
        observation: where pictures were taken at this tick.
    """

    time_ns: int
    measured: FloatArray
    commanded: FloatArray
    observation: Observation | None


class LockstepBridge:
    """Runs a policy on a simulated arm tick by tick.

    Args:
        draw: what the cameras see at joint positions in rad, shape (joints,): name -> uint8 RGB.
        infer: observation -> absolute joint positions, shape (rows, joints), rad.
    """

    def __init__(
        self,
        limits: ArmLimits,
        arm: SimulatedArm,
        draw: Draw,
        infer: Infer,
        instruction: str,
        config: LockstepConfig,
    ) -> None:
        self._config = config
        self._arm = arm
        self._draw = draw
        self._infer = infer
        self._limits = limits
        self._tick_ns = config.control.tick_ns
        self._latency_ticks = round(config.latency_s * _NS / self._tick_ns)
        self._now_ns = _BEGIN_NS
        self._ticks = 0
        self._sequence = 0
        self._epoch = 1
        self._coming: list[tuple[int, ActionChunk]] = []
        self._sent: Trajectory | None = None
        state = arm.step(self._now_ns)
        self._builder = ObservationBuilder(
            ObservationConfig(
                cameras=tuple(draw(state.positions)),
                joint_names=arm.joint_names,
                # What a policy makes of frozen or blank pictures is for the evaluation to find.
                camera_frozen_after_s=0.0,
            )
        )
        self._builder.set_instruction(instruction, self._now_ns)
        self._loop = ControlLoop(limits, config.control)
        self._come_to_rest()

    def say(self, instruction: str) -> None:
        """A new instruction, which begins a new epoch."""
        self._epoch += 1
        self._builder.set_instruction(instruction, self._now_ns)

    def report(self) -> ControlReport:
        """What the controller did; timing entries are handed out once."""
        return self._loop.report()

    def tick(self) -> Moment:
        """One control period: sense, look where pictures are due, decide, send.

        Raises:
            PolicyError: of `infer`.
        """
        self._now_ns += self._tick_ns
        state = self._sense()
        observation = None
        if self._ticks % self._config.ticks_per_chunk == 0:
            observation = self._look(state)
            self._coming.append((self._ticks + self._latency_ticks, self._chunk(observation)))
        self._deliver()
        if self._config.limited:
            command = self._loop.tick(self._now_ns, self._now_ns)
            self._send(command.trajectory)
        self._ticks += 1
        commanded = state.positions if self._sent is None else self._sent.sample(self._now_ns)
        return Moment(self._now_ns, state.positions, frozen(commanded), observation)

    def _come_to_rest(self) -> None:
        for _ in range(round(_REST_S * _NS / self._tick_ns)):
            self._now_ns += self._tick_ns
            self._sense()
        self._loop.activate(self._now_ns, self._now_ns)

    def _sense(self) -> ArmState:
        state, now_ns = self._arm.step(self._now_ns), self._now_ns
        names, positions = self._arm.joint_names, state.positions.tolist()
        self._builder.add_joint_state(now_ns, names, positions, now_ns, now_ns)
        self._loop.add_joint_state(now_ns, names, positions, now_ns, now_ns)
        return state

    def _look(self, state: ArmState) -> Observation:
        now_ns = self._now_ns
        for camera, pixels in self._draw(state.positions).items():
            self._builder.add_image(camera, now_ns, pixels, now_ns, now_ns)
        return self._builder.build(now_ns, now_ns)

    def _chunk(self, observation: Observation) -> ActionChunk:
        self._sequence += 1
        return ActionChunk(
            stamp_ns=observation.stamp_ns,
            step_ns=round(_NS / self._config.action_rate_hz),
            joint_names=self._limits.joint_names,
            positions=self._infer(observation),
            sequence=self._sequence,
            epoch=self._epoch,
        )

    def _deliver(self) -> None:
        while self._coming and self._coming[0][0] <= self._ticks:
            _, chunk = self._coming.pop(0)
            if not self._config.limited:
                times = chunk.stamp_ns + np.arange(chunk.horizon) * chunk.step_ns
                self._send(Trajectory(times, chunk.positions))
                continue
            try:
                self._loop.add_chunk(chunk, self._now_ns)
            except InputRefused:
                # Counted in the report, as behind the topics.
                continue

    def _send(self, trajectory: Trajectory) -> None:
        start_ns = int(trajectory.times_ns[0])
        told = UncheckedTrajectory(
            start_ns,
            self._limits.joint_names,
            (trajectory.times_ns - start_ns).tolist(),
            trajectory.positions.tolist(),
        )
        self._arm.accept_trajectory(told, self._now_ns)
        self._sent = trajectory
