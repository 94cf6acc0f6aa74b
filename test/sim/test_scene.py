"""Cameras project as pinholes do."""

import numpy as np
import pytest

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.sim.scene import BLOCKS, CAMERAS, looking_at


def test_the_target_is_in_the_middle_and_offsets_follow_the_focal_length() -> None:
    camera = looking_at((2.0, 0.0, 0.0), (0.0, 0.0, 0.0), 500.0)
    pixels, depths = camera.project([[0.0, 0.0, 0.0], [0.0, 0.1, 0.0], [1.0, 0.0, 0.1]])
    # From the front, +y is on the right and +z is up.
    np.testing.assert_allclose(pixels, [[320, 240], [345, 240], [320, 190]], atol=1e-9)
    np.testing.assert_allclose(depths, [2.0, 2.0, 1.0])


def test_every_camera_sees_both_blocks_whole_and_from_above() -> None:
    for name, camera in CAMERAS.items():
        assert camera.position[2] > 0.3, name
        for block in BLOCKS.values():
            pixels, depths = camera.project(block.corners)
            assert depths.min() > 0.0
            assert np.all((pixels > 0.0) & (pixels < (640.0, 480.0))), (name, block.name)


def test_a_view_along_up_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="up"):
        looking_at((0.0, 0.0, 1.0), (0.0, 0.0, 0.0), 500.0)
