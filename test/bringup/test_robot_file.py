"""The robot's parameter file: what a node gets out of it, and what is wrong with a bad one."""

from pathlib import Path

import pytest
import yaml

from pi0_ros.bringup.robot_file import (
    check_robot_file,
    find_robot_file,
    node_parameters,
    require_last_word,
    robot_limits,
)
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


def test_a_real_arm_begins_slowly_with_the_file_as_it_is_shipped() -> None:
    parameters = node_parameters(find_robot_file("ur5e.yaml"), "/pi0_controller")
    assert parameters["speed_scale"] == 0.2


def test_the_later_block_wins_however_precise_the_names_are(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
/left/pi0_policy: {ros__parameters: {rate: 3}}
/**/pi0_policy: {ros__parameters: {rate: 2, device: cpu}}
/**: {ros__parameters: {rate: 1, nested: {x: 1}}}
pi0_controller: {ros__parameters: {rate: 9}}
""",
    )
    assert node_parameters(path, "/left/pi0_policy") == {
        "rate": 1,
        "device": "cpu",
        "nested": {"x": 1},
    }
    assert node_parameters(path, "/pi0_controller")["rate"] == 9


def test_limits_are_those_in_force_though_a_more_precise_block_says_otherwise(
    tmp_path: Path,
) -> None:
    path = written(
        tmp_path,
        "/pi0_controller: {ros__parameters: {joint_limits: {a: {max_velocity: 0.5}}}}\n"
        + yaml.safe_dump({"/**": {"ros__parameters": ONE_JOINT}}),
    )
    assert robot_limits(path).velocity.tolist() == [2.0]


def test_dotted_and_nested_names_are_the_same_parameter(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        yaml.safe_dump({"/**": {"ros__parameters": ONE_JOINT}})
        + "pi0_controller: {ros__parameters: {joint_limits.a.max_velocity: 0.25}}",
    )
    assert robot_limits(path).velocity.tolist() == [0.25]


def test_a_name_that_is_a_value_and_a_block_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "/**: {ros__parameters: {a: 1, a.b: 2}}")
    with pytest.raises(ConfigurationError, match=r"robot.yaml: a.b: .*both a value and a block"):
        node_parameters(path, "/pi0_policy")


def test_a_choice_that_the_file_would_overrule_is_an_error_that_says_how_to_mend_it(
    tmp_path: Path,
) -> None:
    path = written(
        tmp_path,
        """
/pi0_controller: {ros__parameters: {speed_scale: 0.5}}
/**: {ros__parameters: {speed_scale: 1.0}}
""",
    )
    with pytest.raises(ConfigurationError, match=r"speed_scale is chosen as 0.2, .* 1.0 again"):
        require_last_word(path, "/pi0_controller", {"speed_scale": 0.2})
    require_last_word(path, "/pi0_controller", {"speed_scale": 1.0})
    require_last_word(path, "/left/pi0_controller", {"speed_scale": 0.2})


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
        ("a: !!python/object/apply:os.mkdir [/]", "cannot be read"),
        ({"/**": {"joint_names": ["a"]}}, r"/\*\*: expected `ros__parameters:` below it"),
        ({"my arm": {"ros__parameters": ONE_JOINT}}, "my arm: expected a node's name"),
        ("? [a]\n: 1", "cannot be read"),
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


URDF = """<robot name="arm"><joint name="a" type="revolute">
<limit lower="-9" upper="0.5" velocity="1.5" effort="1"/></joint></robot>"""
ACCELERATION = {"has_acceleration_limits": True, "max_acceleration": 3.0}


def robot(tmp_path: Path, changes: dict[str, object], entry: object = None) -> Path:
    limits = {"joint_limits": {"a": ACCELERATION if entry is None else entry}}
    return written(tmp_path, {"/**": {"ros__parameters": {**ONE_JOINT, **limits, **changes}}})


def with_urdf(tmp_path: Path, text: str = URDF) -> dict[str, object]:
    path = tmp_path / "arm.urdf"
    path.write_text(text)
    return {"urdf_file": str(path)}


def test_what_a_urdf_gives_may_be_left_out(tmp_path: Path) -> None:
    path = robot(tmp_path, with_urdf(tmp_path))
    limits = robot_limits(path)
    assert (limits.lower[0], limits.upper[0], limits.velocity[0]) == (-9.0, 0.5, 1.5)
    assert check_robot_file(path) == ("a",)


def test_the_tighter_of_file_and_urdf_is_the_limit(tmp_path: Path) -> None:
    entry = ONE_JOINT["joint_limits"]["a"]  # type: ignore[index]
    limits = robot_limits(robot(tmp_path, with_urdf(tmp_path), entry))
    assert (limits.lower[0], limits.upper[0], limits.velocity[0]) == (-1.0, 0.5, 1.5)


def test_what_comes_from_the_topic_cannot_be_missed_before_it_runs(tmp_path: Path) -> None:
    path = robot(tmp_path, {"use_robot_description": True})
    assert check_robot_file(path) == ("a",)
    with pytest.raises(ConfigurationError, match="not known before the controller runs"):
        robot_limits(path)


@pytest.mark.parametrize(
    ("changes", "entry", "message"),
    [
        ({}, ACCELERATION, "has_position_limits must be true"),
        ({"urdf_file": 7}, ACCELERATION, "urdf_file: expected a path, got 7"),
        ({"urdf_file": "arm.urdf"}, ACCELERATION, "urdf_file: expected an absolute path"),
        ({"urdf_file": "/absent.urdf"}, ACCELERATION, "urdf_file: /absent.urdf cannot be read"),
        ({"use_robot_description": "yes"}, ACCELERATION, "use_robot_description: must be true or"),
        (
            {"use_robot_description": True},
            {"has_position_limits": False},
            "max_acceleration is neither",
        ),
        (
            {"use_robot_description": True, "urdf_file": "/a.urdf"},
            ACCELERATION,
            "urdf_file and use_robot_description: set one of them",
        ),
    ],
)
def test_limits_that_cannot_come_are_named_before_anything_starts(
    tmp_path: Path, changes: dict[str, object], entry: object, message: str
) -> None:
    path = robot(tmp_path, changes, entry)
    with pytest.raises(ConfigurationError, match=message) as caught:
        check_robot_file(path)
    assert str(path) in str(caught.value)


def test_a_urdf_without_the_joint_is_named_with_file_and_parameter(tmp_path: Path) -> None:
    path = robot(tmp_path, with_urdf(tmp_path, URDF.replace('"a"', '"b"')))
    with pytest.raises(ConfigurationError, match=r"urdf_file .*arm.urdf: joint a: no such joint"):
        check_robot_file(path)
