"""The demonstrator arrives at the right block, slowly enough, from everywhere."""

import numpy as np
import pytest

from pi0_ros.sim.demo_arm import LIMITS, forward
from pi0_ros.sim.reach.expert import ReachExpert, drawn_beside_start, drawn_low_start, drawn_start
from pi0_ros.sim.reach.scenes import drawn_scene

STEP_S = 0.02


@pytest.fixture(scope="module")
def motions():
    rng = np.random.default_rng(0)
    shown = []
    for _ in range(30):
        scene, start = drawn_scene(rng), drawn_start(rng)
        expert = ReachExpert(scene.blocks[scene.target])
        shown.append((scene, expert.future(start, 250, STEP_S)))
    return shown


def test_it_ends_on_the_block_and_passes_above_the_other(motions):
    for scene, rows in motions:
        target = scene.blocks[scene.target]
        (other,) = (block for name, block in scene.blocks.items() if name != scene.target)
        tips = forward(rows).tip
        assert np.linalg.norm(tips[-1, :2] - target.centre) < 0.01
        assert tips[-1, 2] < target.edge_m
        over = np.linalg.norm(tips[:, :2] - other.centre, axis=1) < 0.05
        assert np.all(tips[over, 2] > other.edge_m)


def test_it_keeps_the_limits(motions):
    for _, rows in motions:
        assert np.all((rows > LIMITS.lower) & (rows < LIMITS.upper))
        speeds = np.abs(np.diff(rows, axis=0)) / STEP_S
        assert np.all(speeds <= 0.51 * LIMITS.velocity)


def test_it_depends_on_the_present_positions_alone(motions):
    scene, rows = motions[0]
    expert = ReachExpert(scene.blocks[scene.target])
    again = expert.future(rows[50], 20, STEP_S)
    np.testing.assert_allclose(again, rows[50:70], atol=1e-12)


def test_low_starts_are_beside_the_blocks_or_on_top_of_the_other_one():
    rng = np.random.default_rng(4)
    on_top = 0
    for _ in range(60):
        scene = drawn_scene(rng)
        tip = forward(drawn_low_start(rng, scene)).tip
        (other,) = (block for name, block in scene.blocks.items() if name != scene.target)
        near = [np.linalg.norm(tip[:2] - block.centre) for block in scene.blocks.values()]
        on_top += near[list(scene.blocks).index(other.name)] < 0.05
        assert min(near) > 0.07 or tip[2] > other.edge_m - 0.01
        assert tip[2] < 0.13
    assert 5 < on_top < 35


def test_starts_beside_a_block_are_low_near_it_and_touch_none():
    rng = np.random.default_rng(5)
    at_target = 0
    for _ in range(60):
        scene = drawn_scene(rng)
        tip = forward(drawn_beside_start(rng, scene)).tip
        near = {n: np.linalg.norm(tip[:2] - block.centre) for n, block in scene.blocks.items()}
        at_target += min(near, key=near.__getitem__) == scene.target
        assert min(near.values()) < 0.24
        assert min(near.values()) > 0.06 or tip[2] > 0.065
        assert tip[2] < 0.15
    assert 30 < at_target < 60
