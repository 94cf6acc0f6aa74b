"""The controller's limits come from its parameters and the URDF that they name."""

from pathlib import Path
from typing import Any

import pytest
from rclpy.parameter import Parameter
from std_msgs.msg import String

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.ros import limit_reading, topics
from pi0_ros.ros.controller import ControllerNode
from pi0_ros.ros.entities import profile
from pi0_ros.ros.limit_reading import LimitReading
from pi0_ros.ros.managed_node import Phase
from pi0_ros.ros.parameter_check import checked_parameters
from pi0_ros.ros.parameter_values import ParameterValues
from pi0_ros.ros.parameters import NODES
from pi0_ros.sim.demo_arm import JOINT_NAMES, LIMITS

JOINT_6 = "joint_limits.joint_6"


def urdf(velocity: float = 1.25, upper: float = 2.5) -> str:
    joints = "".join(
        f'<joint name="{name}" type="revolute">'
        f'<limit lower="-9" upper="{upper if name == "joint_6" else 9}" '
        f'velocity="{velocity if name == "joint_6" else 9}" effort="1"/></joint>'
        for name in JOINT_NAMES
    )
    return f'<robot name="arm">{joints}</robot>'


@pytest.fixture
def urdf_file(tmp_path: Path) -> str:
    path = tmp_path / "arm.urdf"
    path.write_text(urdf())
    return str(path)


class FakeNode:
    """Keeps what is logged."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def get_logger(self) -> "FakeNode":
        return self

    def info(self, text: str) -> None:
        self.lines.append(text)


def values(given: dict[str, Any]) -> ParameterValues:
    return checked_parameters(NODES["pi0_controller"], given).require()


def without_joint_6(limits: dict[str, Any]) -> dict[str, Any]:
    """The parameters with nothing of joint_6 but its acceleration, as in a file that omits it."""
    return {
        name: value
        for name, value in limits.items()
        if not name.startswith(JOINT_6) or "acceleration" in name
    }


def test_at_start_up_each_joint_says_where_its_numbers_come_from(
    limits: dict[str, Any], urdf_file: str
) -> None:
    node = FakeNode()
    LimitReading(node).read(values({**limits, "urdf_file": urdf_file}))

    assert [line.partition(":")[0] for line in node.lines] == list(JOINT_NAMES)
    assert node.lines[5] == (
        "joint_6: position -3.0 (joint_limits) to 2.5 (urdf), velocity 1.25 rad/s (urdf), "
        "acceleration 8.0 rad/s2 (joint_limits)"
    )
    assert "urdf" not in node.lines[0]


def test_without_a_urdf_the_parameters_are_the_source(limits: dict[str, Any]) -> None:
    node = FakeNode()
    read = LimitReading(node).read(values(limits))

    assert read.contains(LIMITS)
    assert LIMITS.contains(read)
    assert all("urdf" not in line for line in node.lines)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"urdf_file": "arm.urdf"}, "urdf_file: expected an absolute path"),
        ({"urdf_file": "/absent.urdf"}, "urdf_file: /absent.urdf cannot be read"),
        ({"urdf_file": "/a.urdf", "use_robot_description": True}, "set one of them, got both"),
    ],
)
def test_a_urdf_that_cannot_be_had_fails_the_configuration(
    world: Any, limits: dict[str, Any], changes: dict[str, Any], words: str
) -> None:
    node = world.start(ControllerNode, {**limits, **changes})
    node.trigger_configure()

    assert node.phase is Phase.UNCONFIGURED
    assert words in node.refusal


def test_a_urdf_without_one_of_the_joints_names_joint_and_parameter(
    world: Any, limits: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "other.urdf"
    path.write_text(urdf().replace("joint_6", "tool"))
    node = world.start(ControllerNode, {**limits, "urdf_file": str(path)})
    node.trigger_configure()

    assert f"urdf_file {path}: joint joint_6: no such joint" in node.refusal


def test_limits_left_to_a_urdf_that_is_not_there_fail_the_configuration(
    world: Any, limits: dict[str, Any]
) -> None:
    node = world.start(ControllerNode, without_joint_6(limits))
    node.trigger_configure()

    assert f"{JOINT_6}.has_position_limits must be true" in node.refusal


def test_limits_left_to_the_urdf_hold_and_tighten_at_run_time(
    world: Any, limits: dict[str, Any], urdf_file: str
) -> None:
    reports = world.hear(topics.SAFETY_REPORT)
    node = world.start(ControllerNode, {**without_joint_6(limits), "urdf_file": urdf_file})
    node.trigger_configure()
    assert node.phase is Phase.INACTIVE, node.refusal

    def velocity_limit() -> float | None:
        return reports[-1].velocity_limit[5] if reports and reports[-1].velocity_limit else None

    world.until(lambda: velocity_limit() == 1.25, "the URDF's limit in the report")
    tighter = Parameter(f"{JOINT_6}.max_velocity", value=1.0)
    assert node.set_parameters([tighter])[0].successful
    world.until(lambda: velocity_limit() == 1.0, "the new limit in the report")
    looser = Parameter(f"{JOINT_6}.max_velocity", value=1.2)
    answer = node.set_parameters([looser])[0]
    assert not answer.successful
    assert "never loosened" in answer.reason
    upper = Parameter(f"{JOINT_6}.max_position", value="high")
    assert not node.set_parameters([upper])[0].successful


def test_before_the_urdf_is_read_nothing_can_be_tightened(
    world: Any, limits: dict[str, Any], urdf_file: str
) -> None:
    node = world.start(ControllerNode, {**limits, "urdf_file": urdf_file})
    tighter = Parameter(f"{JOINT_6}.max_velocity", value=1.0)

    assert "has read the URDF" in node.set_parameters([tighter])[0].reason
    node.trigger_configure()
    assert node.set_parameters([tighter])[0].successful
    node.trigger_cleanup()
    tightest = Parameter(f"{JOINT_6}.max_velocity", value=0.5)
    assert "has read the URDF" in node.set_parameters([tightest])[0].reason


def test_a_file_that_changes_does_not_change_the_limits_of_a_configured_controller(
    limits: dict[str, Any], urdf_file: str
) -> None:
    given = values({**limits, "urdf_file": urdf_file})
    reading = LimitReading(FakeNode())
    reading.read(given)
    Path(urdf_file).write_text(urdf(velocity=2.0))

    assert reading.tightened(given, given).velocity[5] == 1.25
    assert reading.read(given).velocity[5] == 2.0


def test_limits_wider_than_before_are_refused(limits: dict[str, Any], urdf_file: str) -> None:
    reading = LimitReading(FakeNode())
    given = {**limits, "urdf_file": urdf_file, f"{JOINT_6}.max_velocity": 1.0}
    reading.read(values(given))
    with pytest.raises(ConfigurationError, match="never loosened"):
        reading.tightened(values(given), values({**given, f"{JOINT_6}.max_velocity": 1.2}))


def test_the_topic_is_a_source_like_the_file(world: Any, limits: dict[str, Any]) -> None:
    topic = topics.ROBOT_DESCRIPTION
    latched = world.helper.create_publisher(String, topic.name, profile(topic.published))
    latched.publish(String(data=urdf()))
    reports = world.hear(topics.SAFETY_REPORT)
    node = world.start(ControllerNode, {**limits, "use_robot_description": True})
    node.trigger_configure()

    assert node.phase is Phase.INACTIVE, node.refusal
    world.until(
        lambda: reports and list(reports[-1].velocity_limit)[5:] == [1.25], "the topic's limit"
    )


def test_a_description_that_does_not_come_ends_an_autostarted_process_with_the_reason(
    world: Any, limits: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = limit_reading.robot_description
    monkeypatch.setattr(
        limit_reading, "robot_description", lambda node, stop: wait(node, stop, deadline_s=0.1)
    )
    given = {**limits, "use_robot_description": True, "autostart": True}
    node = world.start(ControllerNode, given)

    world.until(node.ended.done, "the end")
    with pytest.raises(ConfigurationError, match="nobody publishes it"):
        node.ended.result()
    assert node.phase is Phase.UNCONFIGURED
