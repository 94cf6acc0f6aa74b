"""Real-time chunking: what a chunk has to agree with, from the chunk before it and the clock."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import CheckpointError, ConfigurationError
from pi0_ros.core.observation import Observation
from pi0_ros.policy.chunk_pace import ChunkPace
from pi0_ros.policy.engine import Engine, GuidedEngine
from pi0_ros.policy.fast.engine import FastEngine
from pi0_ros.policy.fast.guidance import Guidance, soft_mask
from pi0_ros.policy.processors import Processors
from pi0_ros.policy.rtc_config import RtcConfig

# What rounding to float32 and back may change.
_SAME_RAD = 1e-4


@dataclass(frozen=True, slots=True)
class _Before:
    """The chunk before, as the arm got it: (horizon, joints), rad or m.

    What the model gave may be relative to the state it was computed from. These are not, and
    the checkpoint's own preprocessing makes them what the model would give from a later state.

    Attributes:
        captured: rows counted when it was captured, as in ChunkTime.
        began: where the arm was measured then, (joints,).
    """

    captured: float
    epoch: int
    positions: FloatArray
    began: FloatArray


class RealTimeChunking:
    """Remembers each chunk, and guides the next one by it for as long as the arm follows it.

    Args:
        engine: what computes chunks.
        units: what the checkpoint counts in a rad.
    """

    def __init__(
        self, config: RtcConfig, engine: GuidedEngine, processors: Processors, units: float
    ) -> None:
        self._config = config
        self._engine = engine
        self._processors = processors
        self._units = units
        self._max_weight = config.max_weight or float(engine.flow_steps)
        self._before: _Before | None = None
        self._pace = ChunkPace()

    def chunk(
        self,
        observation: Observation,
        pictures: Sequence[NDArray[np.uint8]],
        positions: FloatArray,
        noise: Tensor,
    ) -> Tensor:
        """As Engine.chunk; `pictures` and `positions` are the observation's, as it takes them."""
        return self._engine.chunk(
            pictures,
            positions,
            observation.instruction,
            noise,
            guidance=self._guidance(observation),
        )

    def remember(self, observation: Observation, positions: FloatArray) -> None:
        """
        Args:
            positions: the observation's chunk as the arm gets it, (horizon, joints), rad or m.
        """
        time = observation.time
        self._before = None
        if time is not None:
            self._before = _Before(
                time.captured, observation.epoch, positions, observation.positions
            )

    def check(self, positions: FloatArray) -> None:
        """Whether rows come back as they were from the checkpoint's two pipelines.

        Args:
            positions: a chunk, (horizon, joints), rad or m.

        Raises:
            CheckpointError: one pipeline does not undo the other.
        """
        back = self._processors.after(self._in_model(positions, positions[0])[None])[0]
        off = np.abs(back.double().cpu().numpy() / self._units - positions).max()
        if not off <= _SAME_RAD:
            raise CheckpointError(
                "rtc: what the checkpoint's postprocessor makes of actions, its preprocessor does "
                f"not undo (they differ by {off:.3g} rad; has it no statistics of actions?), so "
                "that two chunks cannot be compared: set the parameter rtc to 'off'"
            )

    def forget(self) -> None:
        self._before = None
        self._pace.forget()

    def _guidance(self, observation: Observation) -> Guidance | None:
        """None where there is nothing to agree with: the chunk is then as without any of this."""
        before, time = self._before, observation.time
        if before is None or observation.epoch != before.epoch:
            self._pace.forget()
            return None
        if time is None or time.until_takeover is None:
            return None
        horizon = len(before.positions)
        # In rows of the chunk before: where the new one's first row is.
        offset = time.captured - before.captured
        if not 0.0 <= offset <= horizon - 1:
            self._pace.forget()
            return None
        here = _at_rows(before.positions, np.array([offset]))[0]
        self._pace.moved(here - before.positions[0], observation.positions - before.began, offset)
        near = np.abs(here - observation.positions).max() <= self._config.max_distance
        if not (near and self._pace.is_kept):
            return None
        shared = int(horizon - 1 - offset) + 1
        # The curve between two rows bends with one more on either side of them.
        frozen = math.ceil(time.until_takeover) + 2
        guided = min(shared, max(frozen, self._config.horizon or horizon))
        rows = _at_rows(before.positions, offset + np.arange(shared))
        missing = horizon - shared
        return Guidance(
            # What is missing weighs nothing.
            target=functional.pad(self._in_model(rows, observation.positions), (0, 0, 0, missing)),
            weights=soft_mask(horizon, frozen, guided)[:, None],
            max_weight=self._max_weight,
            jacobian=self._config.method == "jacobian",
        )

    def _in_model(self, rows: FloatArray, positions: FloatArray) -> Tensor:
        """Rows in rad as the model would give them where the joints are at `positions`."""
        return self._processors.scale_actions(rows * self._units, positions * self._units)


def real_time_chunking(
    config: RtcConfig | None, engine: Engine, processors: Processors, units: float
) -> RealTimeChunking | None:
    """What the parameter `rtc` asks for; None for nothing.

    Args:
        units: what the checkpoint counts in a rad.

    Raises:
        ConfigurationError: the engine cannot do it, or has shorter chunks.
    """
    if config is None:
        return None
    off = "set the parameter rtc to 'off'"
    if not isinstance(engine, FastEngine):
        raise ConfigurationError(
            f"rtc: {config.method!r} needs the parameter engine to be 'fast', this one is "
            f"{engine.name!r}: change that, or {off}"
        )
    config.require_rows(engine.noise_shape[0])
    return RealTimeChunking(config, engine, processors, units)


def _at_rows(rows: FloatArray, at: NDArray[np.floating[Any]]) -> FloatArray:
    """Values at fractional row numbers within the rows, on straight lines between them."""
    below = np.minimum(at.astype(np.intp), max(0, len(rows) - 2))
    part = (at - below)[:, np.newaxis]
    above = np.minimum(below + 1, len(rows) - 1)
    values: FloatArray = (1.0 - part) * rows[below] + part * rows[above]
    return values
