"""A checkpoint of Pi0 or its kin behind the Policy interface: what is checked for any engine."""

from dataclasses import replace

import torch

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.chunk_time import ChunkTime
from pi0_ros.core.observation import Observation
from pi0_ros.policy.engine import Engine
from pi0_ros.policy.gate import check_chunk, check_observation
from pi0_ros.policy.inference_errors import failures_named
from pi0_ros.policy.interface import PolicyDescription
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.processors import Processors
from pi0_ros.policy.rtc import RealTimeChunking


class Pi0Policy:
    """Runs a loaded policy that reads words: not safe to call from several threads at once.

    Args:
        noise_scale: standard deviation of the noise that each chunk starts from.
        rtc: guides each chunk by the one before; None: each stands for itself.
    """

    def __init__(
        self,
        engine: Engine,
        processors: Processors,
        description: PolicyDescription,
        config: PolicyConfig,
        noise_scale: float,
        rtc: RealTimeChunking | None = None,
    ) -> None:
        self._engine = engine
        self._processors = processors
        self._description = description
        self._device = torch.device(description.device)
        self._to_policy_units = config.units_per_rad
        self._seed = config.noise_seed
        self._noise_scale = noise_scale
        self._rtc = rtc
        self._instruction: str | None = None

    @property
    def description(self) -> PolicyDescription:
        return self._description

    def check_instruction(self, text: str) -> None:
        self._processors.prompt.check(text, self._engine.vocabulary)

    def infer(self, observation: Observation) -> FloatArray:
        check_observation(observation, self._description)
        if observation.instruction != self._instruction:
            self.check_instruction(observation.instruction)
            self._instruction = observation.instruction
        with failures_named(self._device), torch.no_grad():
            actions = self._in_rad(self._chunk(observation))
        check_chunk(actions, self._description)
        if self._rtc is not None:
            self._rtc.remember(observation, actions)
        return actions

    def warm_up(self, observation: Observation) -> None:
        """Everything once that takes longer the first time; what comes of it is thrown away."""
        first = self.infer(replace(observation, time=ChunkTime(0.0, None)))
        if self._rtc is not None:
            self._rtc.check(first)
            # An arm that follows the first chunk: the second is guided by it.
            following = replace(observation, positions=first[0], time=ChunkTime(0.0, 0.0))
            self.infer(following)
            self._rtc.forget()

    def _chunk(self, observation: Observation) -> torch.Tensor:
        pictures = [observation.images[camera] for camera in self._description.cameras]
        positions = observation.positions * self._to_policy_units
        if self._rtc is not None:
            return self._rtc.chunk(observation, pictures, positions, self._noise())
        return self._engine.chunk(pictures, positions, observation.instruction, self._noise())

    def _in_rad(self, chunk: torch.Tensor) -> FloatArray:
        actions: FloatArray = self._processors.after(chunk)[0].double().cpu().numpy()
        return actions / self._to_policy_units

    def _noise(self) -> torch.Tensor:
        """What the chunk is denoised from: shape (1, horizon, padded joints)."""
        shape = (1, *self._engine.noise_shape)
        if self._noise_scale == 0.0:
            return torch.zeros(shape, device=self._device)
        generator = None
        if self._seed is not None:
            generator = torch.Generator(self._device).manual_seed(self._seed)
        noise = torch.randn(shape, generator=generator, device=self._device)
        return self._noise_scale * noise
