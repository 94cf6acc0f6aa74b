"""The reaching task, shown once: what the cameras saw and what the arm was told, frame by frame."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.observation import Observation
from pi0_ros.sim.demo_arm import LIMITS
from pi0_ros.sim.lockstep import LockstepBridge, LockstepConfig
from pi0_ros.sim.mujoco.world import ReachWorld
from pi0_ros.sim.reach.block_view import BlockView
from pi0_ros.sim.reach.expert import ReachExpert, drawn_start
from pi0_ros.sim.reach.scenes import ReachScene, drawn_scene

Scenes = Callable[[np.random.Generator], ReachScene]
Starts = Callable[[np.random.Generator, ReachScene], FloatArray]

LONGEST_S = 8.0
# After the touch, so that standing still on the block is shown, too.
_STAY_S = 0.5
# Pictures older than 0.15 s are stale.
_LEAST_FPS = 7
_CHUNK_RATE_HZ = 30.0
_CHUNK_ROWS = 30
# Above the block's top, sideways of its middle: the tip is on the block.
_ON_TOP_M = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One moment of a demonstration.

    Attributes:
        observation: as the policy would be given it.
        command: where the arm is told to be at its capture time, shape (6,), rad.
    """

    observation: Observation
    command: FloatArray


class ShownReach:
    """One drawn scene, and the expert on its way to the block asked for.

    The expert's chunks go the way of a policy's, through admission, playback and limits: what is
    commanded is what those let through.

    Args:
        rng: draws scene and start; the same generator shows the same.
        fps: frames per second, and so pictures per second; must divide the control rate.
        scenes: draws the arrangement of blocks.
        starts: draws where the arm begins in it; None: near home or anywhere over the table.

    Raises:
        ConfigurationError: `fps` does not divide the control rate, or pictures would be too old.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        fps: int,
        scenes: Scenes = drawn_scene,
        starts: Starts | None = None,
    ) -> None:
        control = ControlConfig()
        rate = round(control.control_rate_hz)
        if rate % fps or fps < _LEAST_FPS:
            raise ConfigurationError(
                f"fps: {fps} does not divide the control rate of {rate} Hz, or is below "
                f"{_LEAST_FPS}, so slow that a camera counts as lost; set it to 10, 25 or {rate}"
            )
        self._scene: ReachScene = scenes(rng)
        expert = ReachExpert(self._scene.blocks[self._scene.target])
        start = drawn_start(rng) if starts is None else starts(rng, self._scene)
        self._world = ReachWorld(LIMITS, self._scene, start)
        # Not through self: a cycle would keep each demonstration's backdrops, megabytes, until some
        # later collection.
        world, view = self._world, BlockView(self._scene.blocks)
        self._tick_s = control.tick_s
        self._bridge = LockstepBridge(
            LIMITS,
            self._world,
            lambda positions: view.draw(world.blocks, positions),
            lambda seen: expert.future(seen.positions, _CHUNK_ROWS, 1.0 / _CHUNK_RATE_HZ),
            self._scene.instruction,
            LockstepConfig(_CHUNK_RATE_HZ, rate // fps, latency_s=0.0, control=control),
        )
        self._outcome = "not shown to the end"

    @property
    def instruction(self) -> str:
        return self._scene.instruction

    @property
    def reached(self) -> bool:
        """Whether it ended as it should, which is known after the last frame."""
        return self._outcome == "reached"

    @property
    def outcome(self) -> str:
        """ "reached", or why not."""
        return self._outcome

    def frames(self) -> Iterator[Frame]:
        """Until the tip has been on the block for half a second, something went wrong, or 8 s."""
        on_block_s = 0.0
        for _ in range(round(LONGEST_S / self._tick_s)):
            moment = self._bridge.tick()
            if moment.observation is not None:
                yield Frame(moment.observation, moment.commanded)
            others = [name for name in self._world.touched if name != self._scene.target]
            if others:
                self._outcome = f"touched the {others[0]} block"
                return
            on_block_s = on_block_s + self._tick_s if self._on_block() else 0.0
            if on_block_s >= _STAY_S:
                self._outcome = "reached"
                return
        self._outcome = f"not on the block within {LONGEST_S:g} s"

    def _on_block(self) -> bool:
        block, tip = self._world.blocks.get(self._scene.target), self._world.tip
        if block is None or self._scene.target not in self._world.touched:
            return False
        beside_m = float(np.linalg.norm(tip[:2] - block.centre))
        return beside_m <= block.edge_m / 2.0 and float(tip[2]) <= block.edge_m + _ON_TOP_M


def shown_reach(
    seed: int, number: int, fps: int, scenes: Scenes = drawn_scene, starts: Starts | None = None
) -> ShownReach:
    """The demonstration of a number: the same for the same seed, different for every other."""
    return ShownReach(np.random.default_rng([seed, number]), fps, scenes, starts)
