"""The launch description of an arm, with a launch that only writes down what it is told."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from pi0_ros.arm_launch_description import arm_launch_description
from pi0_ros.bringup.arms import GAZEBO, ROS2_CONTROL, ArmBringup
from pi0_ros.core.errors import ConfigurationError


class Written:
    """Stands for every class of launch: keeps its name and what it was made with."""

    def __init__(self, kind: str, *args: Any, **kwargs: Any) -> None:
        self.kind, self.args, self.kwargs = kind, args, kwargs


def writing(kind: str) -> Any:
    return lambda *args, **kwargs: Written(kind, *args, **kwargs)


class NotFoundError(Exception):
    pass


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Packages that are not installed; all others are."""
    missing: set[str] = set()

    def prefix(package: str) -> str:
        if package in missing:
            raise NotFoundError
        return "/opt"

    modules = {
        "launch": {"LaunchDescription": lambda entities: entities},
        "launch.actions": {
            kind: writing(kind)
            for kind in (
                *("DeclareLaunchArgument", "IncludeLaunchDescription", "LogInfo"),
                *("OpaqueFunction", "SetEnvironmentVariable", "Shutdown"),
            )
        },
        "launch.launch_description_sources": {"PythonLaunchDescriptionSource": str},
        "launch_ros": {},
        "launch_ros.actions": {"Node": writing("Node")},
        "ament_index_python": {},
        "ament_index_python.packages": {
            "PackageNotFoundError": NotFoundError,
            "get_package_prefix": prefix,
            "get_package_share_directory": lambda package: f"/opt/share/{package}",
        },
    }
    for name, members in modules.items():
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    return missing


def started(arm: ArmBringup, **values: str) -> list[Written]:
    """What the launch file leads to for these arguments."""
    entities: Any = arm_launch_description(arm)
    declared = {
        entity.args[0]: entity.kwargs["default_value"]
        for entity in entities
        if entity.kind == "DeclareLaunchArgument"
    }
    assert set(values) <= set(declared)
    *_, opaque = entities
    assert opaque.kind == "OpaqueFunction"
    context = SimpleNamespace(launch_configurations={**declared, **values})
    actions: list[Written] = opaque.kwargs["function"](context, *opaque.kwargs["args"])
    return actions


def executables(actions: list[Written]) -> list[str]:
    return [action.kwargs["executable"] for action in actions if action.kind == "Node"]


def test_other_packages_processes_come_first_then_ours(absent: set[str]) -> None:
    assert executables(started(ROS2_CONTROL)) == [
        *("robot_state_publisher", "ros2_control_node", "spawner", "spawner"),
        *("mock_cameras_node", "policy_node", "controller_node"),
    ]


def test_gazebo_is_started_through_its_own_launch_file(absent: set[str]) -> None:
    gazebo, *others = started(GAZEBO, headless="true")
    assert gazebo.kind == "IncludeLaunchDescription"
    assert gazebo.args == ("/opt/share/ros_gz_sim/launch/gz_sim.launch.py",)
    arguments = dict(gazebo.kwargs["launch_arguments"])
    assert "--headless-rendering" in arguments["gz_args"]
    assert executables(others)[-2:] == ["policy_node", "controller_node"]


def test_the_description_is_resolved_for_the_hardware(absent: set[str]) -> None:
    for arm, plugin in ((ROS2_CONTROL, "mock_components"), (GAZEBO, "gz_ros2_control")):
        (publisher,) = [
            action
            for action in started(arm)
            if action.kwargs.get("executable") == "robot_state_publisher"
        ]
        (parameters,) = publisher.kwargs["parameters"]
        assert f"<plugin>{plugin}/" in parameters["robot_description"]


def test_what_is_not_installed_is_named_with_what_to_install(
    absent: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROS_DISTRO", "jazzy")
    absent |= {"gz_ros2_control", "rviz2"}
    with pytest.raises(ConfigurationError, match=r"gazebo\.launch\.py: .* ros-jazzy-rviz2$"):
        started(GAZEBO, rviz="true")
    with pytest.raises(ConfigurationError, match=r"apt install ros-jazzy-gz-ros2-control$"):
        started(GAZEBO)
    assert started(ROS2_CONTROL)


def test_what_the_end_of_a_process_means(absent: set[str]) -> None:
    actions = {a.kwargs.get("executable"): a for a in started(ROS2_CONTROL, rviz="true")}
    running = SimpleNamespace(is_shutdown=False)
    well, badly = SimpleNamespace(returncode=0), SimpleNamespace(returncode=1)
    manager = actions["ros2_control_node"].kwargs["on_exit"]
    spawner = actions["spawner"].kwargs["on_exit"]
    assert manager(well, running).kind == "Shutdown"
    assert spawner(well, running) is None
    for on_exit in (manager, spawner):
        with pytest.raises(RuntimeError, match=r"controller_manager .* exit status 1"):
            on_exit(badly, running)
        assert on_exit(badly, SimpleNamespace(is_shutdown=True)) is None
    assert actions["rviz2"].kwargs["on_exit"] is None
