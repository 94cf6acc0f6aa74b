"""What the arms of other packages start for given arguments."""

from pathlib import Path

import pytest

from pi0_ros.bringup.arms import ARM_BRINGUPS, CONTROLLERS, GAZEBO, ROS2_CONTROL, VIEWED, ArmBringup
from pi0_ros.bringup.foreign import Ending, ForeignNode
from pi0_ros.bringup.robot_file import find_robot_file
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.ros import topics
from pi0_ros.share import share_directory

either = pytest.mark.parametrize("arm", ARM_BRINGUPS, ids=lambda arm: arm.bringup.name)


def foreign(arm: ArmBringup, **values: str) -> dict[str, ForeignNode]:
    """Executable -> process; spawners by their first argument."""
    nodes = arm.foreign(arm.bringup.checked(values))
    return {
        node.arguments[0] if node.executable == "spawner" else node.executable: node
        for node in nodes
    }


def ours(arm: ArmBringup, **values: str) -> set[str]:
    return {node.name for node in arm.bringup.nodes(values)}


def test_mock_hardware_has_everything_but_the_mock_arm() -> None:
    assert list(foreign(ROS2_CONTROL)) == [
        "robot_state_publisher",
        "ros2_control_node",
        "joint_state_broadcaster",
        "forward_position_controller",
    ]
    assert ours(ROS2_CONTROL) == {"mock_cameras", "pi0_policy", "pi0_controller"}
    assert ours(ROS2_CONTROL, mock_cameras="false") == {"pi0_policy", "pi0_controller"}
    assert ours(ROS2_CONTROL, pi0="false") == {"mock_cameras"}


def test_gazebo_has_cameras_and_clock_of_its_own() -> None:
    assert set(foreign(GAZEBO)) == {
        "robot_state_publisher",
        "create",
        "parameter_bridge",
        "joint_state_broadcaster",
        "forward_position_controller",
    }
    assert ours(GAZEBO) == {"pi0_policy", "pi0_controller"}
    assert ours(GAZEBO, pi0="false") == set()
    assert all(node.parameters["use_sim_time"] is True for node in GAZEBO.bringup.nodes({}))
    arguments = {argument.name for argument in GAZEBO.bringup.arguments}
    assert not arguments & {"use_sim_time", "mock_cameras", "transport"}


def test_other_packages_processes_follow_the_clock_that_ours_follow(tmp_path: Path) -> None:
    def follow(**values: str) -> list[object]:
        nodes = foreign(ROS2_CONTROL, **values).values()
        return [n.parameters["use_sim_time"] for n in nodes if "use_sim_time" in n.parameters]

    file = tmp_path / "robot.yaml"
    file.write_text(
        f"{find_robot_file('demo_arm').read_text()}\n"
        "/**/**: {ros__parameters: {use_sim_time: true}}\n"
    )
    assert set(follow()) == {False}
    assert set(follow(use_sim_time="true")) == {True}
    assert set(follow(params_file=str(file))) == {True}
    assert set(follow(params_file=str(file), use_sim_time="false")) == {False}


def test_gazebo_shows_a_window_unless_told_not_to() -> None:
    assert GAZEBO.gazebo is not None
    checked = GAZEBO.bringup.checked
    world = share_directory() / "config" / "description" / "demo_world.sdf"
    assert GAZEBO.gazebo(checked({})) == f"-r -v 2 {world}"
    without = GAZEBO.gazebo(checked({"headless": "true"}))
    assert without == f"-r -v 2 -s --headless-rendering {world}"


@either
@pytest.mark.parametrize(("interface", "controller"), CONTROLLERS.items())
def test_the_controller_that_is_commanded_is_active_and_the_other_loaded(
    arm: ArmBringup, interface: str, controller: str
) -> None:
    nodes = foreign(arm, command_interface=interface)
    assert nodes["joint_state_broadcaster"].arguments[:2] == ("joint_state_broadcaster", controller)
    (idle,) = set(CONTROLLERS.values()) - {controller}
    assert nodes[idle].arguments[:2] == (idle, "--inactive")


def test_controllers_are_the_parents_of_the_commands_topics() -> None:
    assert {
        "joint_trajectory": topics.JOINT_TRAJECTORY.name.rpartition("/")[0],
        "forward_position": topics.POSITION_COMMANDS.name.rpartition("/")[0],
    } == CONTROLLERS


@either
def test_the_parameter_file_decides_where_the_argument_does_not(
    arm: ArmBringup, tmp_path: Path
) -> None:
    text = (share_directory() / "config" / "demo_arm.yaml").read_text()
    path = tmp_path / "arm.yaml"
    path.write_text(text.replace("interface: joint_trajectory", "interface: forward_position"))
    active = foreign(arm, params_file=str(path))["joint_state_broadcaster"].arguments[1]
    assert active == "forward_position_controller"


@either
def test_everything_stands_in_the_namespace_transforms_included(arm: ArmBringup) -> None:
    nodes = foreign(arm, namespace="/cell_1/left/", rviz="true")
    assert {node.namespace for node in nodes.values()} == {"cell_1/left"}
    for name in ("robot_state_publisher", "rviz2"):
        assert {("/tf", "tf"), ("/tf_static", "tf_static")} <= set(nodes[name].remappings)
    described = nodes["robot_state_publisher"].description
    assert described is not None
    if arm is GAZEBO:
        assert described.arguments["namespace"] == "cell_1/left"


@either
def test_a_controllers_file_of_ones_own_reaches_all_who_read_it(
    arm: ArmBringup, tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    path.touch()
    nodes = foreign(arm, controllers_file=str(path))
    spawner = nodes["joint_state_broadcaster"].arguments
    assert spawner[spawner.index("--param-file") + 1] == str(path)
    if arm is ROS2_CONTROL:
        assert nodes["ros2_control_node"].params_files == (path,)
    else:
        described = nodes["robot_state_publisher"].description
        assert described is not None
        assert described.arguments["controllers"] == str(path)


@either
def test_what_cannot_be_is_refused(arm: ArmBringup, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"controllers_file: no file /none\.yaml"):
        foreign(arm, controllers_file="/none.yaml")
    with pytest.raises(ConfigurationError, match="namespace is 'my arm'"):
        ours(arm, namespace="my arm", pi0="false")
    with pytest.raises(ConfigurationError, match="unknown argument remap"):
        foreign(arm, remap="a:=b")
    path = tmp_path / "arm.yaml"
    path.write_text("/**: {ros__parameters: {command_interface: velocity}}")
    with pytest.raises(ConfigurationError, match="command_interface is 'velocity', expected one"):
        foreign(arm, params_file=str(path))


@either
def test_only_what_runs_all_the_time_ends_the_launch(arm: ArmBringup) -> None:
    endings = {name: node.ending for name, node in foreign(arm, rviz="true").items()}
    assert endings["robot_state_publisher"] is Ending.FATAL
    assert endings["joint_state_broadcaster"] is Ending.FATAL_IF_FAILED
    assert endings["rviz2"] is Ending.HARMLESS
    assert endings.get("create", Ending.FATAL_IF_FAILED) is Ending.FATAL_IF_FAILED


@either
def test_every_package_that_is_started_is_declared(arm: ArmBringup) -> None:
    started = {node.package for node in foreign(arm, rviz="true").values()} - {"rviz2"}
    assert started <= set(arm.requires)
    manifest = (share_directory() / "package.xml").read_text()
    for package in (*arm.requires, "rviz2"):
        assert f">{package}</" in manifest, package


def test_rviz_is_remapped_for_what_it_shows() -> None:
    text = (share_directory() / "config" / "views" / "demo_arm.rviz").read_text()
    assert all(f"/{name}\n" in text for name in VIEWED)


@either
def test_every_argument_is_described_and_its_default_is_a_choice(arm: ArmBringup) -> None:
    names = [argument.name for argument in arm.bringup.arguments]
    assert len(set(names)) == len(names)
    for argument in arm.bringup.arguments:
        assert argument.description.endswith(".")
        assert not argument.choices or argument.default in argument.choices


@either
def test_every_arm_has_a_thin_launch_file(arm: ArmBringup) -> None:
    name = arm.bringup.name
    text = (share_directory() / "launch" / f"{name}.launch.py").read_text()
    compile(text, name, "exec")
    assert f"return arm_launch_description({name.upper()})" in text
    assert len(text.splitlines()) < 15
