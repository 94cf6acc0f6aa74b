"""One try at the task: a scene, a start, and what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from pi0_ros.core.arrays import FloatArray, frozen
from pi0_ros.core.limits import ArmLimits
from pi0_ros.sim.demo_arm import LIMITS
from pi0_ros.sim.lockstep import Infer, LockstepBridge, LockstepConfig, Moment
from pi0_ros.sim.mujoco.world import ReachWorld
from pi0_ros.sim.reach.expert import drawn_start
from pi0_ros.sim.reach.scenes import ReachScene, drawn_scene
from pi0_ros.sim.renderer import SceneRenderer

LONGEST_S = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class EpisodePlan:
    """What is tried.

    Attributes:
        scene: the blocks and which one is to be touched.
        start: joint positions to begin from, at rest, shape (6,), rad.
    """

    scene: ReachScene
    start: FloatArray


@dataclass(frozen=True, slots=True)
class EpisodeResult:
    """What came of it.

    Attributes:
        asked: name of the block that was to be touched.
        touched: name of the block that a part of the arm touched first, by the physics; None where
            time ran out.
        seconds: simulated time until then.
        peak_velocity, peak_acceleration: largest share of its limit that a joint was told to use,
            by differences of the command from control tick to control tick.
        limited: share of joint ticks in which the limiter changed the command.
        displacement_rad: largest distance that it put between a chunk and the command.
        slow_down: largest factor by which it slowed a chunk down.
        rejected: reason -> chunks that were not played.
    """

    asked: str
    touched: str | None
    seconds: float
    peak_velocity: float
    peak_acceleration: float
    limited: float
    displacement_rad: float
    slow_down: float
    rejected: Mapping[str, int] = field(default_factory=dict)

    @property
    def success(self) -> bool:
        return self.touched == self.asked


def drawn_episode(seed: int, number: int) -> EpisodePlan:
    """The try of a number: the same for the same seed, different for every other."""
    rng = np.random.default_rng([seed, number])
    start = drawn_start(rng)
    return EpisodePlan(drawn_scene(rng), start)


def run_episode(
    plan: EpisodePlan,
    infer: Infer,
    config: LockstepConfig,
    instruction: str | None = None,
    watch: Callable[[Moment], None] | None = None,
    limits: ArmLimits = LIMITS,
) -> EpisodeResult:
    """Runs until a block is touched or LONGEST_S are over; the same every time.

    Args:
        instruction: what the policy is told; None for what the scene asks for.
        watch: called with every control tick.

    Raises:
        PolicyError: of `infer`.
    """
    scene = plan.scene
    world = ReachWorld(limits, scene, plan.start)
    # Until something is touched, and that ends it, the blocks stand where they stood.
    renderer = SceneRenderer(blocks=scene.blocks.values())
    told = scene.instruction if instruction is None else instruction
    bridge = LockstepBridge(limits, world, renderer.render, infer, told, config)
    tick_s, longest = config.control.tick_s, round(LONGEST_S / config.control.tick_s)
    commands = [frozen(plan.start)] * 2
    displacement, slow_down, ticks = 0.0, 1.0, 0
    while ticks < longest and not world.touched:
        moment = bridge.tick()
        ticks += 1
        commands.append(moment.commanded)
        report = bridge.report()
        displacement = max(displacement, float(np.max(report.displacement)))
        slow_down = max(slow_down, report.slow_down)
        if watch is not None:
            watch(moment)
    velocities = np.diff(np.array(commands), axis=0) / tick_s
    accelerations = np.diff(velocities, axis=0) / tick_s
    return EpisodeResult(
        asked=scene.target,
        touched=world.touched[0] if world.touched else None,
        seconds=ticks * tick_s,
        peak_velocity=float(np.max(np.abs(velocities) / limits.velocity)),
        peak_acceleration=float(np.max(np.abs(accelerations) / limits.acceleration)),
        limited=sum(report.limited_ticks) / (ticks * limits.joints),
        displacement_rad=displacement,
        slow_down=slow_down,
        rejected=dict(report.rejected),
    )
