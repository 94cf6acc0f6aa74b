"""What ros2_control is told: hardware, and controllers with the names of the package's topics."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import xacro
from description.robot import DESCRIPTION, element, urdf

from pi0_ros.bringup.robot_file import node_parameters
from pi0_ros.core.arm_controller import INTERPOLATE_FROM_DESIRED_STATE as FROM_DESIRED
from pi0_ros.core.arm_controller import expected_settings
from pi0_ros.core.control_config import ControlConfig
from pi0_ros.ros import topics
from pi0_ros.share import share_directory
from pi0_ros.sim.demo_arm import HOME, JOINT_NAMES, LIMITS

CONTROLLERS = DESCRIPTION / "demo_arm_controllers.yaml"
TRAJECTORY = topics.JOINT_TRAJECTORY.name.rpartition("/")[0]
POSITIONS = topics.POSITION_COMMANDS.name.rpartition("/")[0]

# Source: the plugin descriptions of ros2_control, gz_ros2_control and mujoco_ros2_control.
PLUGINS = {
    "mock": "mock_components/GenericSystem",
    "gazebo": "gz_ros2_control/GazeboSimSystem",
    "mujoco": "mujoco_ros2_control/MujocoSystemInterface",
}


def said_of(node: str) -> dict[str, Any]:
    return node_parameters(share_directory() / "config" / "demo_arm.yaml", f"/{node}")


def parameters_of(node: str, namespace: str = "") -> dict[str, Any]:
    return node_parameters(CONTROLLERS, f"{namespace}/{node}")


def test_without_hardware_it_is_a_plain_urdf() -> None:
    assert urdf("none").find("ros2_control") is None
    assert urdf("none").find("gazebo") is None


@pytest.mark.parametrize(("choice", "plugin"), PLUGINS.items())
def test_each_hardware_takes_positions_and_begins_at_home(choice: str, plugin: str) -> None:
    system = element(urdf(choice), "ros2_control")
    assert element(system, "hardware/plugin").text == plugin
    joints = system.findall("joint")
    assert tuple(joint.attrib["name"] for joint in joints) == JOINT_NAMES
    for index, joint in enumerate(joints):
        command = element(joint, "command_interface")
        assert command.attrib["name"] == "position"
        bounds = {param.attrib["name"]: float(param.text or "") for param in command}
        assert bounds == {"min": LIMITS.lower[index], "max": LIMITS.upper[index]}
        states = [state.attrib["name"] for state in joint.findall("state_interface")]
        assert states == ["position", "velocity"]
        home = element(joint, "state_interface[@name='position']/param[@name='initial_value']")
        assert float(home.text or "") == HOME[index]


def test_an_unknown_hardware_is_refused_with_what_there_is() -> None:
    with pytest.raises(xacro.XacroException, match="expected none, mock, gazebo or mujoco"):
        urdf("gazeboo")


def test_mock_hardware_says_how_fast_it_moves() -> None:
    param = element(urdf("mock"), "ros2_control/hardware/param[@name='calculate_dynamics']")
    assert param.text == "true"


def test_only_gazebo_gets_a_plugin_and_it_reads_the_controllers_file() -> None:
    plugin = element(urdf("gazebo", namespace="left"), "gazebo/plugin")
    files = [Path(parameters.text or "") for parameters in plugin.findall("parameters")]
    assert files == [CONTROLLERS, DESCRIPTION / "demo_gazebo.yaml"]
    assert element(plugin, "ros/namespace").text == "/left"
    assert urdf("mock").find("gazebo") is None


@pytest.mark.parametrize("node", ["controller_manager", TRAJECTORY])
def test_in_gazebo_everybody_is_told_to_use_its_clock(node: str) -> None:
    said = node_parameters(DESCRIPTION / "demo_gazebo.yaml", f"/left/{node}")
    assert said == {"use_sim_time": True}


@pytest.mark.parametrize("namespace", ["", "/cell_1/left"])
def test_controllers_have_the_names_of_the_topics_in_any_namespace(namespace: str) -> None:
    manager = parameters_of("controller_manager", namespace)
    types = {name: value["type"] for name, value in manager.items() if isinstance(value, dict)}
    assert types == {
        "joint_state_broadcaster": "joint_state_broadcaster/JointStateBroadcaster",
        TRAJECTORY: "joint_trajectory_controller/JointTrajectoryController",
        POSITIONS: "forward_command_controller/ForwardCommandController",
    }
    for name in (TRAJECTORY, POSITIONS):
        assert tuple(parameters_of(name, namespace)["joints"]) == JOINT_NAMES
    assert parameters_of(POSITIONS, namespace)["interface_name"] == "position"


def test_the_trajectory_controller_samples_what_the_promises_are_computed_for() -> None:
    trajectory = parameters_of(TRAJECTORY)
    assert trajectory["command_interfaces"] == ["position"]
    assert trajectory["state_interfaces"] == ["position", "velocity"]
    assert trajectory["interpolation_method"] == "splines"
    said = said_of("pi0_controller")
    (default,) = (f.default for f in fields(ControlConfig) if f.name == FROM_DESIRED)
    claimed = said.get(FROM_DESIRED, default)
    for name, value in expected_settings(claimed).items():
        assert trajectory[name] is value


def test_joint_states_come_often_enough_and_controllers_oftener() -> None:
    said = said_of("pi0_controller")
    rate = parameters_of("joint_state_broadcaster")["update_rate"]
    assert rate == said_of("mock_arm")["state_rate"]
    assert 1.0 / rate < said["joint_max_age"] / 3.0
    update = parameters_of("controller_manager")["update_rate"]
    assert update % rate == 0
    assert update >= 2 * said["control_rate"]
    # The arm's clock may be 20 ms behind, a period of its controller included.
    assert 1.0 / update < 0.02
