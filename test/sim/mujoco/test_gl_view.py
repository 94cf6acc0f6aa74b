"""MuJoCo's own pictures show what the drawn ones show, seen by the same cameras."""

import os

import mujoco
import numpy as np
import pytest

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.sim.demo_arm import HOME, LIMITS, forward
from pi0_ros.sim.mujoco.gl_view import GlView
from pi0_ros.sim.mujoco.world import ReachWorld
from pi0_ros.sim.mujoco.world_view import DrawnView, WorldView, snapshot_of
from pi0_ros.sim.reach.scenes import drawn_scene
from pi0_ros.sim.scene import CAMERAS

needs_gl = pytest.mark.skipif(
    os.environ.get("MUJOCO_GL") not in ("egl", "osmesa"),
    reason="MUJOCO_GL is neither egl nor osmesa: no GL is promised",
)


def _world() -> ReachWorld:
    return ReachWorld(LIMITS, drawn_scene(np.random.default_rng(4), forward(HOME).tip), HOME)


def _middle_of(colour: str, view: WorldView, camera: str) -> np.ndarray:
    """Pixel in the middle of what is red or blue, shape (2,)."""
    out = np.empty((480, 640, 3), dtype=np.uint8)
    view.render(camera, out)
    strong, weak = (0, 2) if colour == "red" else (2, 0)
    pixels = out.astype(int)
    rows, columns = np.nonzero(pixels[..., strong] - pixels[..., weak] > 60)
    assert rows.size > 100, f"nothing {colour} in {camera}"
    return np.array([columns.mean(), rows.mean()])


@needs_gl
def test_blocks_are_where_the_drawn_ones_are() -> None:
    world = _world()
    snapshot = snapshot_of(world, world.step(0).stamp_ns)
    drawn, rendered = DrawnView(world.scene.blocks), GlView(world.model)
    try:
        for view in (drawn, rendered):
            view.show(snapshot)
        for camera in CAMERAS:
            expected = _middle_of("blue", drawn, camera)
            # Light and shade differ, and with them what counts as blue: by less than a side.
            np.testing.assert_allclose(
                _middle_of("blue", rendered, camera), expected, atol=6.0, err_msg=camera
            )
    finally:
        drawn.close()
        rendered.close()


def test_without_gl_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise mujoco.FatalError("gladLoadGL error")

    monkeypatch.setattr(mujoco, "Renderer", none)
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    with pytest.raises(ConfigurationError, match=r"MUJOCO_GL=\(unset\).*gladLoadGL.*libosmesa6"):
        GlView(_world().model)
