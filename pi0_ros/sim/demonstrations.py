"""What the demonstrator sees and does, as examples to learn from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray, frozen
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.sim.demo_arm import HOME, LIMITS, forward
from pi0_ros.sim.expert import PERIOD_S, Expert, expert_over
from pi0_ros.sim.renderer import SceneRenderer
from pi0_ros.sim.scene import BLOCKS

ACTION_RATE_HZ = 30.0
HORIZON = 50

# Wording and how often it is used; the first is what the demo sends.
_WORDINGS: tuple[tuple[str, float], ...] = (
    ("circle over the {} block", 0.76),
    ("circle above the {} block", 0.08),
    ("move in circles over the {} block", 0.08),
    ("hover over the {} block and circle", 0.08),
)

# Random poses: everything in front of the base with the tip over the table.
_WORKSPACE_MIDDLE = np.array([0.0, 0.15, 1.45, 0.0, 1.2, 0.0])
_WORKSPACE_SPREAD = np.array([1.1, 0.55, 0.6, 0.9, 0.7, 1.6])
_LOWEST_TIP_M = 0.09
_LOWEST_WRIST_M = 0.15
_LIMIT_MARGIN = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Demonstration:
    """One moment and what the expert does next.

    Attributes:
        images: camera name (main, side, top) -> uint8 RGB, shape (480, 640, 3).
        positions: joint positions, shape (6,), rad.
        instruction: what the arm is to do.
        actions: joint positions at i / 30 s from now, row 0 the present ones, shape (50, 6), rad.
    """

    images: Mapping[str, NDArray[np.uint8]]
    positions: FloatArray
    instruction: str
    actions: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "images", MappingProxyType(dict(self.images)))
        object.__setattr__(self, "positions", frozen(self.positions))
        object.__setattr__(self, "actions", frozen(self.actions))


def instruction_for(block: str) -> str:
    """The usual wording for a block's name."""
    return _WORDINGS[0][0].format(block)


def demonstrations(count: int, seed: int) -> Iterator[Demonstration]:
    """`count` independent demonstrations, the same for the same seed.

    The states are those that a policy meets when it acts on its own: on the cycle and beside it,
    on the way from the other block, and on the way from home and from random poses.

    Raises:
        ConfigurationError: `count` is negative.
    """
    if count < 0:
        raise ConfigurationError(f"demonstrations: count must be at least 0, got {count}")
    rng = np.random.default_rng(seed)
    renderer = SceneRenderer()
    experts = {block: expert_over(block) for block in BLOCKS}
    for _ in range(count):
        block = str(rng.choice(list(BLOCKS)))
        expert = experts[block]
        positions = _state(rng, expert, [other for name, other in experts.items() if name != block])
        yield Demonstration(
            images=renderer.render(positions),
            positions=positions,
            instruction=_wording(rng, block),
            actions=expert.future(positions, HORIZON, 1.0 / ACTION_RATE_HZ),
        )


def random_poses(rng: np.random.Generator, count: int) -> FloatArray:
    """Poses in front of the base with the tip over the table, shape (count, 6), rad."""
    found: list[FloatArray] = []
    while len(found) < count:
        pose = _WORKSPACE_MIDDLE + rng.uniform(-_WORKSPACE_SPREAD, _WORKSPACE_SPREAD)
        points = forward(pose)
        if points.tip[2] > _LOWEST_TIP_M and points.wrist[2] > _LOWEST_WRIST_M:
            found.append(_inside(pose))
    return np.array(found).reshape(count, 6)


def _state(rng: np.random.Generator, expert: Expert, others: list[Expert]) -> FloatArray:
    kind = rng.choice(["cycle", "transit", "home", "anywhere"], p=[0.42, 0.28, 0.12, 0.18])
    phase = rng.uniform(0.0, 2.0 * np.pi)
    if kind == "cycle":
        spread = rng.choice([0.02, 0.08, 0.16])
        return _inside(expert.cycle(phase) + rng.normal(0.0, spread, 6))
    if kind == "transit":
        other = others[int(rng.integers(len(others)))]
        start = other.cycle(phase) + rng.normal(0.0, 0.06, 6)
    elif kind == "home":
        start = HOME + rng.normal(0.0, 0.06, 6)
    else:
        start = random_poses(rng, 1)[0]
    # A quarter has just been told what to do, the others are on their way.
    elapsed = max(0.0, float(rng.uniform(-0.25, 0.75))) * PERIOD_S
    return _inside(expert.advance(_inside(start), elapsed) + rng.normal(0.0, 0.02, 6))


def _wording(rng: np.random.Generator, block: str) -> str:
    wordings, shares = zip(*_WORDINGS, strict=True)
    return str(rng.choice(wordings, p=shares)).format(block)


def _inside(positions: FloatArray) -> FloatArray:
    """The nearest pose a little inside the position limits."""
    return np.clip(positions, LIMITS.lower + _LIMIT_MARGIN, LIMITS.upper - _LIMIT_MARGIN)
