"""Pictures of the arm with the blocks where they are, drawn when they are asked for."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray
from pi0_ros.sim.renderer import SceneRenderer
from pi0_ros.sim.scene import Block

# A block that was pushed by less looks the same.
_SEEN_M, _SEEN_RAD = 0.002, 0.03


class BlockView:
    """Keeps what stands still from picture to picture: drawing it takes long."""

    def __init__(self, blocks: Mapping[str, Block]) -> None:
        self._blocks = dict(blocks)
        self._renderer = SceneRenderer(blocks=self._blocks.values())

    def draw(
        self, blocks: Mapping[str, Block], positions: FloatArray
    ) -> Mapping[str, NDArray[np.uint8]]:
        """Camera name -> uint8 RGB at joint positions in rad, shape (6,)."""
        if self._looks_different(blocks):
            self._blocks = dict(blocks)
            self._renderer = SceneRenderer(blocks=self._blocks.values())
        return self._renderer.render(positions)

    def _looks_different(self, blocks: Mapping[str, Block]) -> bool:
        if blocks.keys() != self._blocks.keys():
            return True
        quarter = np.pi / 2.0
        for name, block in blocks.items():
            drawn = self._blocks[name]
            turned = abs((block.yaw_rad - drawn.yaw_rad + quarter / 2.0) % quarter - quarter / 2.0)
            if np.linalg.norm(block.centre - drawn.centre) > _SEEN_M or turned > _SEEN_RAD:
                return True
        return False
