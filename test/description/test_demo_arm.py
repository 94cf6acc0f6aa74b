"""The URDF is the arm of pi0_ros.sim: its kinematics, limits, bodies and cameras."""

import io
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import yourdfpy
from description.robot import DESCRIPTION, attribute, element, numbers, turned, urdf, urdf_text

from pi0_ros.bringup.robot_file import robot_limits
from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.urdf_file import urdf_file_text
from pi0_ros.core.urdf_limits import urdf_limits
from pi0_ros.share import share_directory
from pi0_ros.sim.arm_parts import PARTS, part_ends
from pi0_ros.sim.demo_arm import JOINT_NAMES, LIMITS, forward
from pi0_ros.sim.scene import CAMERAS

DENSITY = 1600.0


@pytest.fixture(scope="module")
def robot() -> Any:
    return yourdfpy.URDF.load(
        io.BytesIO(urdf_text().encode()),
        build_scene_graph=True,
        build_collision_scene_graph=False,
        load_meshes=False,
        load_collision_meshes=False,
    )


def random_positions(count: int) -> FloatArray:
    rng = np.random.default_rng(7)
    positions: FloatArray = rng.uniform(LIMITS.lower, LIMITS.upper, (count, len(JOINT_NAMES)))
    return positions


def test_the_tip_is_where_the_simulation_has_it(robot: Any) -> None:
    for positions in random_positions(50):
        robot.update_cfg(dict(zip(JOINT_NAMES, positions, strict=True)))
        pose = forward(positions)
        tool = robot.get_transform("tool0", "world")
        np.testing.assert_allclose(tool[:3, 3], pose.tip, atol=1e-9)
        np.testing.assert_allclose(tool[:3, :3], pose.tool_axes, atol=1e-9)


def test_it_has_the_six_joints_in_order_and_no_other_that_moves(robot: Any) -> None:
    assert tuple(robot.actuated_joint_names) == JOINT_NAMES
    assert not urdf().findall("joint/mimic")


def test_limits_are_those_of_the_parameter_file_and_of_the_simulation() -> None:
    file = robot_limits(share_directory() / "config" / "demo_arm.yaml")
    read = urdf_limits(urdf_text(), JOINT_NAMES, "demo_arm.urdf.xacro")
    for index, name in enumerate(JOINT_NAMES):
        assert file.joint_names[index] == name
        assert read[name].lower == file.lower[index] == LIMITS.lower[index]
        assert read[name].upper == file.upper[index] == LIMITS.upper[index]
        assert read[name].velocity == file.velocity[index] == LIMITS.velocity[index]


def test_its_file_serves_as_urdf_file_of_the_controller(tmp_path: Any) -> None:
    path = tmp_path / "demo_arm.urdf"
    path.write_text(urdf_text(), encoding="utf-8")
    assert urdf_limits(urdf_file_text(str(path)), JOINT_NAMES, "urdf_file")["joint_6"].upper == 3.0


def test_limits_of_another_parameter_file_can_be_asked_for(tmp_path: Any) -> None:
    text = (DESCRIPTION.parent / "demo_arm.yaml").read_text()
    slower = tmp_path / "slower.yaml"
    slower.write_text(text.replace("max_velocity: 2.5", "max_velocity: 0.5"))
    read = urdf_limits(urdf_text("none", params_file=str(slower)), JOINT_NAMES, "test")
    assert read["joint_6"].velocity == 0.5


def moving_links() -> list[ElementTree.Element]:
    return [link for link in urdf().findall("link") if link.find("visual") is not None]


def test_inertia_is_the_sum_over_what_is_seen() -> None:
    links = moving_links()
    assert len(links) == 1 + len(JOINT_NAMES)
    for link in links:
        assert_inertia_is_that_of_its_parts(link)


def assert_inertia_is_that_of_its_parts(link: ElementTree.Element) -> None:
    mass, moment, inertia = 0.0, np.zeros(3), np.zeros((3, 3))
    for visual in link.findall("visual"):
        part, own = body(visual)
        centre = np.array(numbers(attribute(visual, "origin", "xyz")))
        mass += part
        moment += part * centre
        inertia += own + part * (centre @ centre * np.eye(3) - np.outer(centre, centre))
    centre = moment / mass
    inertia -= mass * (centre @ centre * np.eye(3) - np.outer(centre, centre))

    said = element(link, "inertial/inertia").attrib
    tensor = np.array([[float(said["i" + "".join(sorted(a + b))]) for a in "xyz"] for b in "xyz"])
    assert float(attribute(link, "inertial/mass", "value")) == pytest.approx(mass, rel=1e-9)
    at = numbers(attribute(link, "inertial/origin", "xyz"))
    np.testing.assert_allclose(at, centre, atol=1e-12)
    np.testing.assert_allclose(tensor, inertia, rtol=1e-9, atol=1e-15)
    # What a body can have at all: positive, and no moment above the sum of the other two.
    principal = np.linalg.eigvalsh(tensor)
    assert np.all(principal > 0.0)
    assert principal[2] <= principal[0] + principal[1]


def body(visual: ElementTree.Element) -> tuple[float, FloatArray]:
    """Mass and inertia about its middle, in the link's axes, of a solid cylinder or ball."""
    shape = element(visual, "geometry/*")
    radius = float(shape.attrib["radius"])
    if shape.tag == "sphere":
        mass = DENSITY * 4.0 / 3.0 * np.pi * radius**3
        return mass, 0.4 * mass * radius**2 * np.eye(3)
    length = float(shape.attrib["length"])
    mass = DENSITY * np.pi * radius**2 * length
    across = mass * (3.0 * radius**2 + length**2) / 12.0
    axes = turned(numbers(attribute(visual, "origin", "rpy")))
    return mass, axes @ np.diag([across, across, mass * radius**2 / 2.0]) @ axes.T


def test_what_is_touched_is_what_is_seen() -> None:
    for link in moving_links():
        seen = [ElementTree.tostring(element(v, "geometry")) for v in link.findall("visual")]
        touched = [ElementTree.tostring(element(c, "geometry")) for c in link.findall("collision")]
        assert touched == seen


# A cylinder of the mean radius for a tapered part; a ball where start and end are one point.
@pytest.mark.parametrize("positions", [np.zeros(6), *random_positions(3)], ids=lambda q: f"{q}")
def test_parts_lie_where_the_mock_cameras_draw_them(robot: Any, positions: FloatArray) -> None:
    robot.update_cfg(dict(zip(JOINT_NAMES, positions, strict=True)))
    placed = {}
    for link in moving_links():
        frame = robot.get_transform(link.attrib["name"], "world")
        for visual in link.findall("visual"):
            shape = element(visual, "geometry/*").attrib
            middle = np.array(numbers(attribute(visual, "origin", "xyz")))
            axis = turned(numbers(attribute(visual, "origin", "rpy")))[:, 2]
            half = 0.5 * float(shape.get("length", "0")) * axis
            ends = [frame[:3, :3] @ (middle + side * half) + frame[:3, 3] for side in (-1.0, 1.0)]
            placed[visual.attrib["name"]] = (np.array(ends), float(shape["radius"]))
    drawn = part_ends(forward(positions), float(positions[0]))
    for part, ends in zip(PARTS, drawn, strict=True):
        found, radius = placed[part.name.replace(" ", "_")]
        assert radius == pytest.approx(0.5 * (part.start_radius_m + part.end_radius_m))
        if np.linalg.norm(found[0] - ends[0]) > np.linalg.norm(found[0] - ends[1]):
            found = found[::-1]
        np.testing.assert_allclose(found, ends, atol=1e-9)


@pytest.mark.parametrize("name", CAMERAS)
def test_camera_frames_are_the_cameras_of_the_scene(robot: Any, name: str) -> None:
    frame = robot.get_transform(f"camera_{name}_optical_frame", "world")
    np.testing.assert_allclose(frame[:3, 3], CAMERAS[name].position, atol=1e-12)
    # Columns: the picture's right, down and forward, which is x, y and z of an optical frame.
    np.testing.assert_allclose(frame[:3, :3].T, CAMERAS[name].axes, atol=1e-9)


def test_the_pedestal_stands_on_the_table() -> None:
    pedestal = element(urdf(), "link[@name='base_link']/visual")
    height = float(element(pedestal, "geometry/cylinder").attrib["length"])
    assert numbers(attribute(pedestal, "origin", "xyz"))[2] == height / 2.0
