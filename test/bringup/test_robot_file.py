"""The robot's parameter file: what a node gets out of it, and what is wrong with a bad one."""

from pathlib import Path

import pytest
import yaml

from pi0_ros.bringup.robot_file import find_robot_file, node_parameters, robot_limits
from pi0_ros.core.errors import ConfigurationError

ONE_JOINT = {
    "joint_names": ["a"],
    "joint_limits": {
        "a": {
            "has_position_limits": True,
            "min_position": -1.0,
            "max_position": 1.0,
            "has_velocity_limits": True,
            "max_velocity": 2.0,
            "has_acceleration_limits": True,
            "max_acceleration": 3.0,
        }
    },
}


def written(folder: Path, content: object) -> Path:
    path = folder / "robot.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


@pytest.mark.parametrize("name", ["demo_arm.yaml", "ur5e.yaml", "ur5e"])
def test_shipped_files_have_six_joints_with_all_limits(name: str) -> None:
    assert robot_limits(find_robot_file(name)).joints == 6


def test_a_more_precise_block_outranks_a_wildcard_wherever_it_stands(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {
            "/left/pi0_policy": {"ros__parameters": {"rate": 3}},
            "/**/pi0_policy": {"ros__parameters": {"rate": 2, "device": "cpu"}},
            "/**": {"ros__parameters": {"rate": 1, "device": "auto", "nested": {"x": 1}}},
            "pi0_controller": {"ros__parameters": {"rate": 9}},
        },
    )
    assert node_parameters(path, "/left/pi0_policy") == {
        "rate": 3,
        "device": "cpu",
        "nested": {"x": 1},
    }
    assert node_parameters(path, "/pi0_policy")["rate"] == 2
    assert node_parameters(path, "/pi0_controller")["rate"] == 9


def test_limits_are_in_the_order_of_joint_names(tmp_path: Path) -> None:
    limits = robot_limits(written(tmp_path, {"/**": {"ros__parameters": ONE_JOINT}}))
    assert limits.joint_names == ("a",)
    assert limits.velocity.tolist() == [2.0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1, 2]", "expected a ROS parameter file"),
        ("", "expected a ROS parameter file"),
        ("a: [", "cannot be read"),
        ({"/**": {"joint_names": ["a"]}}, "expected `ros__parameters:` below it"),
        ({"/**": {"ros__parameters": {"joint_limits": {}}}}, "joint_names: expected a list"),
        ({"/**": {"ros__parameters": {"joint_names": ["a"]}}}, "joint_limits: expected a block"),
        (
            {"/**": {"ros__parameters": ONE_JOINT | {"joint_names": ["b"]}}},
            "joint_limits.b is missing",
        ),
    ],
)
def test_a_bad_file_is_named_with_its_fault(tmp_path: Path, content: object, message: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(ConfigurationError, match=message) as caught:
        robot_limits(path)
    assert str(path) in str(caught.value)
