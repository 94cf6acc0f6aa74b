"""Where the blocks of the reaching task stand, drawn from a seed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.sim.scene import Block, Rgb

BLOCK_EDGE_M = 0.07
_COLOURS: Mapping[str, Rgb] = MappingProxyType({"red": (214, 52, 44), "blue": (44, 96, 214)})
BLOCK_NAMES = tuple(_COLOURS)

# The part of the table that the tool reaches straight from above, with room on all sides, and
# that all three cameras see.
RADIUS_M = (0.24, 0.44)
AZIMUTH_RAD = (-1.2, 1.2)
# Between the middles of two blocks: the tool comes down on one without touching the other.
LEAST_DISTANCE_M = 0.16
# From the tip to the middle of a block that appears: none appears under the tool.
_LEAST_DISTANCE_TO_TIP_M = 0.12
_TRIES = 1000


@dataclass(frozen=True, slots=True, eq=False)
class ReachScene:
    """One arrangement of blocks and what is asked for.

    Attributes:
        blocks: name -> block, in the order of BLOCK_NAMES.
        target: name of the block to touch.
    """

    blocks: Mapping[str, Block]
    target: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "blocks", MappingProxyType(dict(self.blocks)))
        if self.target not in self.blocks:
            raise ConfigurationError(
                f"scene: no block {self.target!r}; there are {', '.join(self.blocks)}"
            )

    @property
    def instruction(self) -> str:
        return instruction_for(self.target)


def instruction_for(block: str) -> str:
    """The task in words."""
    return f"move to the {block} block"


def target_of(instruction: str) -> str | None:
    """The block that an instruction names; None where it names none or several."""
    named = [name for name in BLOCK_NAMES if name in instruction.lower().split()]
    return named[0] if len(named) == 1 else None


def drawn_scene(rng: np.random.Generator, tip: ArrayLike | None = None) -> ReachScene:
    """Blocks at random places and angles, one of them asked for.

    Places are uniform over the area of a ring's sector, not over radius.

    Args:
        tip: where the tool is now, shape (3,), m; no block appears near it. None: anywhere.
    """
    centres = _centres(rng, None if tip is None else np.asarray(tip, dtype=np.float64))
    blocks = {
        name: Block(name, centre, BLOCK_EDGE_M, _COLOURS[name], float(rng.uniform(0.0, np.pi / 2)))
        for name, centre in zip(BLOCK_NAMES, centres, strict=True)
    }
    return ReachScene(blocks, str(rng.choice(BLOCK_NAMES)))


def drawn_lesson(rng: np.random.Generator) -> ReachScene:
    """An easier arrangement, to learn from what pictures and words mean before both are needed.

    Either only the block asked for stands there, so that the picture alone shows where to go; or
    the first of BLOCK_NAMES is always to the left of the other, so that the words alone show the
    side.
    """
    scene = drawn_scene(rng)
    if rng.random() < 0.5:
        return ReachScene({scene.target: scene.blocks[scene.target]}, scene.target)
    left, right = sorted(scene.blocks.values(), key=lambda block: -float(block.centre[1]))
    placed = {
        name: replace(scene.blocks[name], centre=at.centre, yaw_rad=at.yaw_rad)
        for name, at in zip(BLOCK_NAMES, (left, right), strict=True)
    }
    return ReachScene(placed, scene.target)


def _centres(rng: np.random.Generator, tip: FloatArray | None) -> list[FloatArray]:
    for _ in range(_TRIES):
        centres = [_place(rng) for _ in BLOCK_NAMES]
        apart = float(np.linalg.norm(centres[0] - centres[1]))
        clear = tip is None or all(
            np.linalg.norm(centre - tip[:2]) >= _LEAST_DISTANCE_TO_TIP_M for centre in centres
        )
        if apart >= LEAST_DISTANCE_M and clear:
            return centres
    raise ConfigurationError(f"scene: no room for the blocks with the tip at {tip}")


def _place(rng: np.random.Generator) -> FloatArray:
    radius = np.sqrt(rng.uniform(RADIUS_M[0] ** 2, RADIUS_M[1] ** 2))
    azimuth = rng.uniform(*AZIMUTH_RAD)
    return np.array([radius * np.cos(azimuth), radius * np.sin(azimuth)])
