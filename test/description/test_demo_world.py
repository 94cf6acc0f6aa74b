"""Gazebo's world and what is bridged from it: the scene of pi0_ros.sim, the package's topics."""

from typing import Any

import numpy as np
import pytest
import yaml
from description.robot import DESCRIPTION, element, numbers, turned, urdf, world

from pi0_ros.bringup.robot_file import node_parameters
from pi0_ros.ros import topics
from pi0_ros.share import share_directory
from pi0_ros.sim.backdrop import TABLE_X_M, TABLE_Y_M
from pi0_ros.sim.scene import BLOCKS, CAMERAS, IMAGE_HEIGHT, IMAGE_WIDTH

SENSORS = "model[@name='cameras']/link/sensor"


def bridged() -> dict[str, dict[str, str]]:
    """ROS topic -> its entry in the bridge's file."""
    entries = yaml.safe_load((DESCRIPTION / "demo_bridge.yaml").read_text())
    return {entry["ros_topic_name"]: entry for entry in entries}


def said_of(node: str) -> dict[str, Any]:
    return node_parameters(share_directory() / "config" / "demo_arm.yaml", f"/{node}")


def test_it_has_the_cameras_of_the_scene_and_no_other() -> None:
    assert [sensor.attrib["name"] for sensor in world().findall(SENSORS)] == list(CAMERAS)
    assert said_of("pi0_policy")["camera_names"] == list(CAMERAS)


@pytest.mark.parametrize("name", CAMERAS)
def test_a_camera_sees_what_the_mock_camera_sees(name: str) -> None:
    camera = CAMERAS[name]
    sensor = element(world(), f"{SENSORS}[@name='{name}']")
    assert sensor.attrib["type"] == "camera"
    pose = numbers(element(sensor, "pose").text)
    np.testing.assert_allclose(pose[:3], camera.position, atol=1e-9)
    right, down, forward = camera.axes
    expected = np.column_stack([forward, -right, -down])
    np.testing.assert_allclose(turned(pose[3:]), expected, atol=1e-8)
    view = float(element(sensor, "camera/horizontal_fov").text or "")
    assert IMAGE_WIDTH / 2.0 / np.tan(view / 2.0) == pytest.approx(camera.focal_px, rel=1e-8)
    image = {part.tag: part.text for part in element(sensor, "camera/image")}
    assert image == {"width": str(IMAGE_WIDTH), "height": str(IMAGE_HEIGHT), "format": "R8G8B8"}
    rate = float(element(sensor, "update_rate").text or "")
    assert rate == said_of("mock_cameras")["camera_rate"]
    frame = element(sensor, "camera/optical_frame_id").text
    assert urdf().find(f"link[@name='{frame}']") is not None


@pytest.mark.parametrize("name", CAMERAS)
def test_pictures_come_on_the_topics_that_the_policy_listens_to(name: str) -> None:
    sensor = element(world(), f"{SENSORS}[@name='{name}']")
    pictures = topics.CAMERA_RAW.of_camera(name)
    entry = bridged()[pictures.name]
    assert entry["gz_topic_name"] == "/" + (element(sensor, "topic").text or "")
    assert entry["ros_type_name"] == pictures.type
    info = bridged()[pictures.name.replace("image_raw", "camera_info")]
    assert info["gz_topic_name"] == "/" + (element(sensor, "camera/camera_info_topic").text or "")
    assert info["ros_type_name"] == "sensor_msgs/msg/CameraInfo"


def test_the_clock_is_bridged_and_nothing_goes_the_other_way() -> None:
    assert bridged()["/clock"]["ros_type_name"] == "rosgraph_msgs/msg/Clock"
    assert len(bridged()) == 1 + 2 * len(CAMERAS)
    assert {entry["direction"] for entry in bridged().values()} == {"GZ_TO_ROS"}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=lambda block: block.name)
def test_blocks_stand_where_the_mock_cameras_draw_them(block: Any) -> None:
    model = element(world(), f"model[@name='{block.name}_block']")
    pose = numbers(element(model, "pose").text)
    assert pose == pytest.approx([*block.centre, block.edge_m / 2.0, 0.0, 0.0, 0.0])
    for kind in ("collision", "visual"):
        size = numbers(element(model, f"link/{kind}/geometry/box/size").text)
        assert size == pytest.approx([block.edge_m] * 3)
    colour = numbers(element(model, "link/visual/material/diffuse").text)
    assert colour[:3] == pytest.approx([value / 255.0 for value in block.colour], abs=1e-3)
    mass = float(element(model, "link/inertial/mass").text or "")
    moments = {part.tag: float(part.text or "") for part in element(model, "link/inertial/inertia")}
    solid = mass * block.edge_m**2 / 6.0
    assert [moments[axis] for axis in ("ixx", "iyy", "izz")] == pytest.approx([solid] * 3, rel=1e-6)


def test_the_table_is_under_the_arm() -> None:
    table = element(world(), "model[@name='table']")
    x, y, z, *_ = numbers(element(table, "pose").text)
    size = numbers(element(table, "link/collision/geometry/box/size").text)
    assert size == numbers(element(table, "link/visual/geometry/box/size").text)
    ends = [[at - edge / 2.0, at + edge / 2.0] for at, edge in zip((x, y, z), size, strict=True)]
    assert ends[0] == pytest.approx(TABLE_X_M)
    assert ends[1] == pytest.approx(TABLE_Y_M)
    assert ends[2][1] == 0.0


def test_physics_steps_are_a_whole_part_of_the_controllers_period() -> None:
    step = float(element(world(), "physics/max_step_size").text or "")
    manager = node_parameters(DESCRIPTION / "demo_arm_controllers.yaml", "/controller_manager")
    assert (1.0 / manager["update_rate"]) / step == pytest.approx(5.0)


def test_everything_is_there_that_cameras_and_spawning_need() -> None:
    systems = {plugin.attrib["name"] for plugin in world().findall("plugin")}
    assert systems == {
        "gz::sim::systems::Physics",
        "gz::sim::systems::UserCommands",
        "gz::sim::systems::SceneBroadcaster",
        "gz::sim::systems::Sensors",
    }
