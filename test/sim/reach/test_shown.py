"""The demonstrator arrives, repeatably, and what goes wrong is said."""

import gc
import weakref

import numpy as np
import pytest

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.sim.demo_arm import LIMITS, forward
from pi0_ros.sim.reach import shown as shown_module
from pi0_ros.sim.reach.scenes import ReachScene, drawn_scene
from pi0_ros.sim.reach.shown import Frame, ShownReach, shown_reach
from pi0_ros.sim.scene import Block

FPS = 10


def frames_of(shown: ShownReach) -> list[Frame]:
    return list(shown.frames())


def test_the_expert_ends_on_the_block_and_the_same_seed_shows_the_same() -> None:
    first, again = shown_reach(7, 1, FPS), shown_reach(7, 1, FPS)
    frames, same = frames_of(first), frames_of(again)
    assert first.reached, first.outcome
    block = first._scene.blocks[first._scene.target]
    tip = forward(frames[-1].observation.positions).tip
    assert np.linalg.norm(tip[:2] - block.centre) < block.edge_m / 2.0
    assert len(frames) == len(same)
    for one, other in zip(frames, same, strict=True):
        assert one.observation.instruction == other.observation.instruction == first.instruction
        assert np.array_equal(one.observation.positions, other.observation.positions)
        assert np.array_equal(one.command, other.command)
        for camera, picture in one.observation.images.items():
            assert np.array_equal(picture, other.observation.images[camera])
    stamps = [frame.observation.stamp_ns for frame in frames]
    assert set(np.diff(stamps)) == {1_000_000_000 // FPS}
    # What is commanded is what the limits let through.
    speeds = np.abs(np.diff([frame.command for frame in frames], axis=0)) * FPS
    assert np.all(speeds <= LIMITS.velocity * (1.0 + 1e-9))


def test_another_number_shows_something_else() -> None:
    one, other = next(shown_reach(7, 1, FPS).frames()), next(shown_reach(7, 2, FPS).frames())
    assert not np.array_equal(one.observation.positions, other.observation.positions)


def test_what_was_shown_is_given_back_at_once() -> None:
    """Thousands are shown one after the other; collections are rare where torch is loaded."""
    shown = shown_reach(7, 1, FPS)
    next(shown.frames())
    freed = weakref.ref(shown), weakref.ref(shown._world)
    gc.disable()
    try:
        del shown
        assert [reference() for reference in freed] == [None, None]
    finally:
        gc.enable()


def test_touching_the_other_block_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    real = shown_module.ReachExpert
    other: list[Block] = []

    def drawn(rng: np.random.Generator) -> ReachScene:
        scene = drawn_scene(rng)
        other.extend(block for name, block in scene.blocks.items() if name != scene.target)
        return scene

    monkeypatch.setattr(shown_module, "ReachExpert", lambda _: real(other[0]))
    shown = shown_reach(7, 1, FPS, drawn)
    frames_of(shown)
    assert shown.outcome.startswith("touched the ")
    assert not shown.reached


def test_what_takes_too_long_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown_module, "LONGEST_S", 0.3)
    shown = shown_reach(7, 1, FPS)
    assert len(frames_of(shown)) == 3
    assert shown.outcome == "not on the block within 0.3 s"


def test_a_rate_that_does_not_divide_the_ticks_is_refused() -> None:
    for fps in (30, 5):
        with pytest.raises(ConfigurationError, match=f"fps: {fps} "):
            shown_reach(7, 1, fps)
