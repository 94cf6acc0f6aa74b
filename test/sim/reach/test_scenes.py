"""Scenes of the reaching task: reachable, apart, spread over the table, the same for a seed."""

import numpy as np
import pytest

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.sim.demo_arm import LIMITS, pointing_down
from pi0_ros.sim.reach.scenes import (
    AZIMUTH_RAD,
    BLOCK_NAMES,
    LEAST_DISTANCE_M,
    RADIUS_M,
    ReachScene,
    drawn_lesson,
    drawn_scene,
    instruction_for,
    target_of,
)
from pi0_ros.sim.scene import BLOCKS


def scenes(count: int) -> list[ReachScene]:
    rng = np.random.default_rng(3)
    return [drawn_scene(rng) for _ in range(count)]


def test_blocks_are_apart_and_the_tool_reaches_them_from_above():
    for scene in scenes(200):
        red, blue = (scene.blocks[name].centre for name in BLOCK_NAMES)
        assert np.linalg.norm(red - blue) >= LEAST_DISTANCE_M
        for centre in (red, blue):
            pose = pointing_down([*centre, 0.05])
            assert np.all((pose > LIMITS.lower) & (pose < LIMITS.upper))


def test_places_cover_the_reachable_table():
    centres = np.array([scene.blocks["red"].centre for scene in scenes(400)])
    radius, azimuth = np.hypot(*centres.T), np.arctan2(centres[:, 1], centres[:, 0])
    for values, (low, high) in ((radius, RADIUS_M), (azimuth, AZIMUTH_RAD)):
        assert low <= values.min() < low + 0.1 * (high - low)
        assert high - 0.1 * (high - low) < values.max() <= high


def test_the_same_seed_draws_the_same_scene():
    one, other = (drawn_scene(np.random.default_rng(5)) for _ in range(2))
    assert one.target == other.target
    np.testing.assert_array_equal(one.blocks["blue"].centre, other.blocks["blue"].centre)


def test_no_block_appears_under_the_tool():
    rng, tip = np.random.default_rng(1), np.array([0.34, 0.0, 0.1])
    for _ in range(100):
        for block in drawn_scene(rng, tip).blocks.values():
            assert np.linalg.norm(block.centre - tip[:2]) >= 0.12


@pytest.mark.parametrize(
    ("text", "block"),
    [
        (instruction_for("red"), "red"),
        ("go to the BLUE one", "blue"),
        ("from the red to the blue", None),
        ("bored", None),
    ],
)
def test_which_block_an_instruction_names(text, block):
    assert target_of(text) == block


def test_a_scene_without_its_target_is_refused():
    with pytest.raises(ConfigurationError, match="no block 'green'; there are red, blue"):
        ReachScene(BLOCKS, "green")


def test_lessons_show_one_block_alone_or_one_colour_always_on_the_left():
    rng = np.random.default_rng(0)
    lessons = [drawn_lesson(rng) for _ in range(100)]
    alone = [scene for scene in lessons if len(scene.blocks) == 1]
    assert 30 < len(alone) < 70
    assert {scene.target for scene in alone} == set(BLOCK_NAMES)
    for scene in lessons:
        assert scene.target in scene.blocks
        if scene not in alone:
            assert scene.blocks["red"].centre[1] >= scene.blocks["blue"].centre[1]
            assert list(scene.blocks) == list(BLOCK_NAMES)
