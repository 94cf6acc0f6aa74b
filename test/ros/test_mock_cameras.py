"""The drawn cameras as their topics show them."""

from typing import Any

import numpy as np
import pytest
from sensor_msgs.msg import JointState

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.ros import topics
from pi0_ros.ros.compressed import rgb_from_compressed
from pi0_ros.ros.conversions import nanoseconds, rgb_from_message
from pi0_ros.ros.mock_cameras import MockCamerasNode
from pi0_ros.sim.demo_arm import JOINT_NAMES
from pi0_ros.sim.renderer import SceneRenderer

SHAPE = (480, 640)


def test_raw_pictures_show_the_arm_where_it_is(world: Any, home: list[float]) -> None:
    pictures = world.hear(topics.CAMERA_RAW.of_camera("main"))
    world.start(MockCamerasNode, {"camera_names": ["main"]})
    state = JointState(name=list(JOINT_NAMES), position=home)
    world.publisher(topics.JOINT_STATES).publish(state)

    world.until(lambda: len(pictures) > 3, "pictures")
    assert pictures[0].header.frame_id == "camera_main_optical_frame"
    assert np.array_equal(
        rgb_from_message(pictures[0], SHAPE), SceneRenderer().render_view("main", home)
    )
    stamps = [nanoseconds(picture.header.stamp) for picture in pictures]
    assert stamps == sorted(set(stamps))


def test_compressed_pictures_are_jpeg(world: Any, home: list[float]) -> None:
    pictures = world.hear(topics.CAMERA_COMPRESSED.of_camera("top"))
    world.start(MockCamerasNode, {"camera_names": ["top"], "camera_transport": "compressed"})
    state = JointState(name=list(JOINT_NAMES), position=home)
    world.publisher(topics.JOINT_STATES).publish(state)

    world.until(lambda: pictures, "a picture")
    drawn = SceneRenderer().render_view("top", home)
    error = np.abs(rgb_from_compressed(pictures[0], SHAPE).astype(int) - drawn)
    assert error.mean() < 3.0


def test_a_view_that_the_scene_does_not_have_is_named(world: Any) -> None:
    with pytest.raises(ConfigurationError, match="camera_names: no view wrist"):
        world.start(MockCamerasNode, {"camera_names": ["main", "wrist"]})
