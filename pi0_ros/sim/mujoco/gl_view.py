"""Pictures by MuJoCo's own renderer, where the machine has GL without a screen."""

import os
from typing import Any

import mujoco
import numpy as np

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.sim.mujoco.world_view import WorldSnapshot
from pi0_ros.sim.renderer import Picture
from pi0_ros.sim.scene import IMAGE_HEIGHT, IMAGE_WIDTH


class GlView:
    """Draws in the thread that made it: a GL context belongs to one.

    Args:
        model: of the world whose snapshots are shown.

    Raises:
        ConfigurationError: there is no GL.
    """

    def __init__(self, model: mujoco.MjModel) -> None:
        self._model = model
        self._data = mujoco.MjData(model)
        self._renderer: Any = _renderer(model)

    def show(self, snapshot: WorldSnapshot) -> None:
        """Takes what the next pictures show."""
        self._data.qpos[:] = snapshot.configuration
        mujoco.mj_forward(self._model, self._data)

    def render(self, camera: str, out: Picture) -> None:
        """Draws one camera's picture, uint8 RGB, shape (480, 640, 3)."""
        self._renderer.update_scene(self._data, camera=camera)
        np.copyto(out, self._renderer.render())

    def close(self) -> None:
        self._renderer.close()


def _renderer(model: mujoco.MjModel) -> Any:
    platform = os.environ.get("MUJOCO_GL", "")
    try:
        return mujoco.Renderer(model, IMAGE_HEIGHT, IMAGE_WIDTH)
    # What comes depends on which library is missing, and how far MuJoCo got without it.
    except Exception as error:
        raise ConfigurationError(
            f"renderer is mujoco, which found no GL with MUJOCO_GL={platform or '(unset)'}: "
            f"{type(error).__name__}: {error}. Set renderer: builtin, or start with MUJOCO_GL=egl "
            "(packages libegl1, libegl-mesa0 and libgl1-mesa-dri) or MUJOCO_GL=osmesa (libosmesa6)"
        ) from error
