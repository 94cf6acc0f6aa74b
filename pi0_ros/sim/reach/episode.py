"""Tries at the task: a scene, a start, and what came of it; one, or several in a row."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from pi0_ros.core.arrays import FloatArray, frozen
from pi0_ros.sim.demo_arm import LIMITS
from pi0_ros.sim.lockstep import Infer, LockstepBridge, LockstepConfig, Moment
from pi0_ros.sim.mujoco.world import ReachWorld
from pi0_ros.sim.reach.block_view import BlockView
from pi0_ros.sim.reach.expert import drawn_start
from pi0_ros.sim.reach.scenes import ReachScene, drawn_scene

LONGEST_S = 10.0
# Between what a try came to and the next scene, as in `pi0 demo`.
LINGER_S = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class EpisodeSetup:
    """What an episode begins with.

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


def drawn_episode(seed: int, number: int) -> EpisodeSetup:
    """The try of a number: the same for the same seed, different for every other."""
    rng = np.random.default_rng([seed, number])
    start = drawn_start(rng)
    return EpisodeSetup(drawn_scene(rng), start)


def following_scene(seed: int, number: int, tip: FloatArray) -> ReachScene:
    """What a try of a number asks for where the arm is left as the try before ended.

    Args:
        tip: where the tool is, shape (3,), m; no block appears near it.
    """
    return drawn_scene(np.random.default_rng([seed, number]), tip)


class EpisodeRun:
    """An arm and its table, for one try or several in a row; the same every time.

    Args:
        told: what the policy is told in a scene; None for what the scene asks for.

    Raises:
        PolicyError: of `infer`, in all methods.
    """

    def __init__(
        self,
        setup: EpisodeSetup,
        infer: Infer,
        config: LockstepConfig,
        told: Callable[[ReachScene], str] | None = None,
    ) -> None:
        self._told = (lambda scene: scene.instruction) if told is None else told
        self._tick_s = config.control.tick_s
        self._world = world = ReachWorld(LIMITS, setup.scene, setup.start)
        view = BlockView(setup.scene.blocks)
        self._bridge = LockstepBridge(
            LIMITS,
            world,
            lambda positions: view.draw(world.blocks, positions),
            infer,
            self._told(setup.scene),
            config,
        )
        self._commands = [frozen(setup.start)] * 2
        self._limited: int = 0
        self._rejected: Counter[str] = Counter()

    @property
    def tip(self) -> FloatArray:
        """Tip of the tool, shape (3,), m."""
        return self._world.tip

    def attempt(self, watch: Callable[[Moment], None] | None = None) -> EpisodeResult:
        """Until a block is touched or LONGEST_S are over.

        Args:
            watch: called with every control tick.
        """
        tick_s, longest = self._tick_s, round(LONGEST_S / self._tick_s)
        commands = self._commands[-2:]
        displacement, slow_down, ticks = 0.0, 1.0, 0
        while ticks < longest and not self._world.touched:
            moment = self._bridge.tick()
            ticks += 1
            commands.append(moment.commanded)
            report = self._bridge.report()
            displacement = max(displacement, float(np.max(report.displacement)))
            slow_down = max(slow_down, report.slow_down)
            if watch is not None:
                watch(moment)
        velocities = np.diff(np.array(commands), axis=0) / tick_s
        accelerations = np.diff(velocities, axis=0) / tick_s
        limited, rejected = sum(report.limited_ticks), Counter(report.rejected)
        result = EpisodeResult(
            asked=self._world.scene.target,
            touched=self._world.touched[0] if self._world.touched else None,
            seconds=ticks * tick_s,
            peak_velocity=float(np.max(np.abs(velocities) / LIMITS.velocity)),
            peak_acceleration=float(np.max(np.abs(accelerations) / LIMITS.acceleration)),
            limited=(limited - self._limited) / (ticks * LIMITS.joints),
            displacement_rad=displacement,
            slow_down=slow_down,
            rejected=dict(rejected - self._rejected),
        )
        self._commands, self._limited, self._rejected = commands[-2:], limited, rejected
        return result

    def linger(self) -> None:
        """As long as people are given to see what happened; the policy goes on."""
        for _ in range(round(LINGER_S / self._tick_s)):
            self._commands.append(self._bridge.tick().commanded)
        report = self._bridge.report()
        self._limited, self._rejected = sum(report.limited_ticks), Counter(report.rejected)

    def put(self, scene: ReachScene) -> None:
        """Another scene around the arm where it is, and what is asked for in it."""
        self._world.replace_scene(scene)
        self._bridge.say(self._told(scene))


def run_row(
    seed: int,
    numbers: Sequence[int],
    infer: Infer,
    config: LockstepConfig,
    told: Callable[[ReachScene], str] | None = None,
    watch: Callable[[int, Moment], None] | None = None,
) -> Iterator[EpisodeResult]:
    """Tries in a row: the first as drawn_episode has it, the others from where the arm is left.

    Args:
        numbers: of the tries.
        told: see EpisodeRun.
        watch: called with a try's number and every control tick of it.

    Raises:
        PolicyError: of `infer`.
    """
    run: EpisodeRun | None = None
    for number in numbers:
        if run is None:
            run = EpisodeRun(drawn_episode(seed, number), infer, config, told)
        else:
            run.linger()
            run.put(following_scene(seed, number, run.tip))
        yield run.attempt(None if watch is None else partial(watch, number))
