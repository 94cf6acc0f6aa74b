"""Demonstrations repeat by seed, start at the present state and cover what a policy meets."""

import numpy as np
import pytest

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.sim.demo_arm import LIMITS
from pi0_ros.sim.demonstrations import demonstrations, instruction_for
from pi0_ros.sim.expert import expert_over
from pi0_ros.sim.renderer import SceneRenderer
from pi0_ros.sim.scene import BLOCKS


def test_the_same_seed_gives_the_same_demonstrations_and_another_one_others() -> None:
    first, again = list(demonstrations(5, seed=3)), list(demonstrations(5, seed=3))
    for one, two in zip(first, again, strict=True):
        assert one.instruction == two.instruction
        np.testing.assert_array_equal(one.positions, two.positions)
        np.testing.assert_array_equal(one.actions, two.actions)
        for camera, image in one.images.items():
            np.testing.assert_array_equal(image, two.images[camera])
    (other,) = demonstrations(1, seed=4)
    assert not np.array_equal(other.positions, first[0].positions)


def test_pictures_state_instruction_and_actions_belong_together() -> None:
    renderer = SceneRenderer()
    for example in demonstrations(20, seed=0):
        assert example.actions.shape == (50, 6)
        np.testing.assert_array_equal(example.actions[0], example.positions)
        (block,) = (name for name in BLOCKS if name in example.instruction)
        expected = expert_over(block).future(example.positions, 50, 1.0 / 30.0)
        np.testing.assert_array_equal(example.actions, expected)
        assert list(example.images) == ["main", "side", "top"]
        for camera, picture in renderer.render(example.positions).items():
            np.testing.assert_array_equal(example.images[camera], picture)


def test_states_stay_inside_the_limits_and_reach_both_blocks_and_between() -> None:
    examples = list(demonstrations(150, seed=1))
    positions = np.array([example.positions for example in examples])
    assert np.all((positions > LIMITS.lower) & (positions < LIMITS.upper))
    histogram, _ = np.histogram(positions[:, 0], bins=[-1.3, -0.35, 0.35, 1.3])
    assert histogram.min() >= 15
    usual = [e.instruction in {instruction_for(block) for block in BLOCKS} for e in examples]
    assert 0.6 < np.mean(usual) < 0.95


def test_arrays_are_read_only_and_a_negative_count_is_refused() -> None:
    (example,) = demonstrations(1, seed=0)
    assert not example.positions.flags.writeable
    assert not example.actions.flags.writeable
    with pytest.raises(ConfigurationError, match="count"):
        next(demonstrations(-1, seed=0))
