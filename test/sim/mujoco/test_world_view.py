"""Pictures of the simulated world show what moved."""

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from pi0_ros.sim.demo_arm import HOME, LIMITS, forward
from pi0_ros.sim.mujoco import world_view
from pi0_ros.sim.mujoco.world import ReachWorld
from pi0_ros.sim.mujoco.world_view import DrawnView, WorldSnapshot, have_moved, snapshot_of
from pi0_ros.sim.reach.scenes import drawn_scene
from pi0_ros.sim.renderer import Picture, SceneRenderer
from pi0_ros.sim.scene import BLOCKS, CAMERAS

_DEADLINE_S = 10.0
_SCENES = [drawn_scene(np.random.default_rng(seed), forward(HOME).tip) for seed in (1, 2)]


@pytest.fixture
def snapshot() -> WorldSnapshot:
    world = ReachWorld(LIMITS, _SCENES[0], HOME)
    return snapshot_of(world, world.step(0).stamp_ns)


@pytest.fixture
def view() -> Iterator[DrawnView]:
    made = DrawnView(_SCENES[0].blocks)
    yield made
    made.close()


def _picture(view: DrawnView) -> Picture:
    out = np.empty((480, 640, 3), dtype=np.uint8)
    view.render("top", out)
    return out


def test_the_scene_is_drawn_at_once(view: DrawnView, snapshot: WorldSnapshot) -> None:
    view.show(snapshot)
    expected = SceneRenderer(CAMERAS, _SCENES[0].blocks.values()).render_view("top", HOME)
    np.testing.assert_array_equal(_picture(view), expected)


def test_moved_blocks_are_drawn_where_they_are_while_pictures_go_on(
    view: DrawnView, snapshot: WorldSnapshot
) -> None:
    moved = replace(snapshot, blocks=_SCENES[1].blocks)
    expected = SceneRenderer(CAMERAS, _SCENES[1].blocks.values()).render_view("top", HOME)
    end_s = time.monotonic() + _DEADLINE_S
    while True:
        view.show(moved)
        if np.array_equal(_picture(view), expected):
            return
        assert time.monotonic() < end_s, "the blocks were never drawn where they are"


def test_what_goes_wrong_in_the_background_is_raised(
    view: DrawnView, snapshot: WorldSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> SceneRenderer:
        raise MemoryError("no room")

    monkeypatch.setattr(world_view, "_renderer", broken)
    with pytest.raises(MemoryError, match="no room"):
        _show_for_long(view, replace(snapshot, blocks=_SCENES[1].blocks))


def _show_for_long(view: DrawnView, snapshot: WorldSnapshot) -> None:
    end_s = time.monotonic() + _DEADLINE_S
    while time.monotonic() < end_s:
        view.show(snapshot)


def test_only_what_can_be_seen_counts_as_moved() -> None:
    red = BLOCKS["red"]
    nudged = replace(red, centre=red.centre + [0.001, 0.0], yaw_rad=red.yaw_rad + 0.01)
    pushed = replace(red, centre=red.centre + [0.004, 0.0])
    turned = replace(red, yaw_rad=red.yaw_rad + 0.05)
    quarter = replace(red, yaw_rad=red.yaw_rad + np.pi / 2.0 - 0.001)
    assert not have_moved(BLOCKS, {**BLOCKS, "red": nudged})
    assert not have_moved(BLOCKS, {**BLOCKS, "red": quarter})
    assert have_moved(BLOCKS, {**BLOCKS, "red": pushed})
    assert have_moved(BLOCKS, {**BLOCKS, "red": turned})
    assert have_moved(BLOCKS, {"blue": BLOCKS["blue"]})
