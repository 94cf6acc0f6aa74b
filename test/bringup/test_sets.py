"""What each bring-up starts for given arguments."""

from pathlib import Path

import pytest
import yaml
from bringup.keystores import add_enclave

from pi0_ros.bringup import BRINGUPS, DEMO, POLICY, REAL, SIM, NodeSpec
from pi0_ros.bringup.robot_file import find_robot_file
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.share import share_directory

REAL_VALUES = {"params_file": "ur5e.yaml", "policy_path": "/checkpoints/mine"}


def named(nodes: tuple[NodeSpec, ...]) -> dict[str, NodeSpec]:
    return {node.name: node for node in nodes}


def test_demo_starts_mocks_policy_and_controller_in_mode_demo() -> None:
    nodes = named(DEMO.nodes({}))
    assert {name: node.executable for name, node in nodes.items()} == {
        "mock_arm": "mock_arm_node",
        "mock_cameras": "mock_cameras_node",
        "pi0_policy": "policy_node",
        "pi0_controller": "controller_node",
    }
    assert nodes["pi0_policy"].parameters["mode"] == "demo"
    assert all(node.required for node in nodes.values())
    assert {node.params_file.name for node in nodes.values()} == {"demo_arm.yaml"}


def test_real_bringup_has_no_mocks_and_policy_has_no_controller() -> None:
    assert set(named(REAL.nodes(REAL_VALUES))) == {"pi0_policy", "pi0_controller"}
    assert set(named(POLICY.nodes(REAL_VALUES))) == {"pi0_policy"}


def test_the_simulation_takes_the_place_of_both_mocks() -> None:
    nodes = named(SIM.nodes({"seed": "7", "renderer": "mujoco", "transport": "compressed"}))
    assert set(nodes) == {"sim", "pi0_policy", "pi0_controller"}
    assert nodes["sim"].executable == "sim_node"
    parameters = nodes["sim"].parameters
    assert parameters == {
        "use_sim_time": False,
        "publish_clock": False,
        "camera_transport": "compressed",
        "renderer": "mujoco",
        "seed": 7,
    }


def test_with_use_sim_time_the_simulation_makes_the_time_that_the_others_follow() -> None:
    nodes = named(SIM.nodes({"use_sim_time": "true", "real_time_factor": "0.5"}))
    follows = {name: node.parameters["use_sim_time"] for name, node in nodes.items()}
    assert follows == {"sim": False, "pi0_policy": True, "pi0_controller": True}
    assert nodes["sim"].parameters["publish_clock"] is True
    assert nodes["sim"].parameters["real_time_factor"] == 0.5


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"seed": "-1"}, "seed is '-1': expected a whole number"),
        ({"seed": "1.5"}, "seed is '1.5'"),
        ({"real_time_factor": "0"}, "real_time_factor is '0': expected a number from 0.1 to 10"),
        ({"real_time_factor": "0.5"}, "other than 1 only with use_sim_time true"),
        ({"renderer": "gl"}, "renderer is 'gl', expected one of"),
    ],
)
def test_impossible_arguments_of_the_simulation_are_named(
    values: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        SIM.nodes(values)


def test_real_bringup_uses_mode_real_and_the_given_checkpoint() -> None:
    parameters = named(REAL.nodes(REAL_VALUES))["pi0_policy"].parameters
    assert parameters["mode"] == "real"
    assert parameters["policy_path"] == "/checkpoints/mine"


def test_a_policy_server_is_passed_on_as_it_is() -> None:
    nodes = named(REAL.nodes({**REAL_VALUES, "policy_path": "ws://gpu:8000"}))
    assert nodes["pi0_policy"].parameters["policy_path"] == "ws://gpu:8000"


def test_a_robot_whose_limits_come_partly_from_a_topic_can_be_brought_up(tmp_path: Path) -> None:
    accelerations = {"has_acceleration_limits": True, "max_acceleration": 3.0}
    parameters = {
        "joint_names": ["a"],
        "joint_limits": {"a": accelerations},
        "use_robot_description": True,
    }
    path = tmp_path / "robot.yaml"
    path.write_text(yaml.safe_dump({"/**": {"ros__parameters": parameters}}))
    assert set(named(REAL.nodes({**REAL_VALUES, "params_file": str(path)}))) == {
        "pi0_policy",
        "pi0_controller",
    }


@pytest.mark.parametrize("bringup", [REAL, POLICY], ids=lambda bringup: bringup.name)
def test_real_bringups_demand_the_robots_file_and_a_checkpoint(bringup) -> None:
    with pytest.raises(ConfigurationError, match="params_file:=… is required"):
        bringup.nodes({"policy_path": "/checkpoints/mine"})
    with pytest.raises(ConfigurationError, match="mode real needs policy_path"):
        bringup.nodes({"params_file": "ur5e.yaml"})


def test_empty_arguments_leave_the_choice_to_the_parameter_file() -> None:
    nodes = named(DEMO.nodes({}))
    for name in ("inference_rate", "engine", "rtc", "device"):
        assert name not in nodes["pi0_policy"].parameters
    assert all("use_sim_time" not in node.parameters for node in nodes.values())
    for name in ("command_interface", "speed_scale", "dry_run"):
        assert name not in nodes["pi0_controller"].parameters


def test_arguments_reach_the_nodes_they_concern() -> None:
    nodes = named(
        DEMO.nodes(
            {
                "inference_rate": "4",
                "instruction": "circle over: the blue block",
                "command_interface": "forward_position",
                "speed_scale": "0.2",
                "dry_run": "true",
                "use_sim_time": "true",
                "autostart": "false",
                "namespace": "/left/",
                "device": "cuda:1",
                "engine": "lerobot",
                "rtc": "identity",
            }
        )
    )
    policy = nodes["pi0_policy"].parameters
    assert policy["inference_rate"] == 4.0
    assert policy["instruction"] == "circle over: the blue block"
    assert policy["autostart"] is False
    assert policy["device"] == "cuda:1"
    assert policy["engine"] == "lerobot"
    assert policy["rtc"] == "identity"
    controller = nodes["pi0_controller"].parameters
    assert controller["command_interface"] == "forward_position"
    assert controller["speed_scale"] == 0.2
    assert controller["dry_run"] is True
    assert all(node.parameters["use_sim_time"] is True for node in nodes.values())
    assert nodes["mock_arm"].full_name == "/left/mock_arm"


def test_an_argument_that_the_parameter_file_would_overrule_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "robot.yaml"
    path.write_text(
        "/pi0_controller: {ros__parameters: {dry_run: true}}\n"
        + find_robot_file("demo_arm").read_text()
        + "/**/**: {ros__parameters: {dry_run: false}}\n"
    )
    with pytest.raises(ConfigurationError, match=r"dry_run is chosen as True, .* False again"):
        DEMO.nodes({"params_file": str(path), "dry_run": "true"})
    assert DEMO.nodes({"params_file": str(path), "dry_run": "false"})


def test_a_keystore_gives_every_node_an_enclave_of_its_full_name(tmp_path: Path) -> None:
    for name in ("mock_arm", "mock_cameras", "pi0_policy", "pi0_controller"):
        add_enclave(tmp_path, f"/left/{name}")
    nodes = DEMO.nodes({"security_keystore": str(tmp_path), "namespace": "left"})
    for node in nodes:
        assert node.variables()["ROS_SECURITY_KEYSTORE"] == str(tmp_path)
        arguments = node.ros_arguments(Path("/values.yaml"))
        assert arguments[-2:] == ("--enclave", f"/left/{node.name}")


def test_without_a_keystore_security_is_as_the_environment_has_it() -> None:
    for node in DEMO.nodes({}):
        assert node.variables() == {}
        assert "--enclave" not in node.ros_arguments(Path("/values.yaml"))


@pytest.mark.parametrize("bringup", BRINGUPS, ids=lambda bringup: bringup.name)
def test_no_bringup_starts_without_the_keys_it_was_told_to_use(bringup, tmp_path: Path) -> None:
    taken = {argument.name for argument in bringup.arguments}
    values = {name: value for name, value in REAL_VALUES.items() if name in taken}
    values["security_keystore"] = str(tmp_path / "none")
    with pytest.raises(ConfigurationError, match="ros2 security create_keystore"):
        bringup.nodes(values)


def test_remappings_reach_every_node() -> None:
    nodes = DEMO.nodes({"remap": "joint_states:=/ur/joint_states camera/main/image_raw:=/front"})
    expected = (("joint_states", "/ur/joint_states"), ("camera/main/image_raw", "/front"))
    assert {node.remappings for node in nodes} == {expected}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"speed": "2"}, "unknown argument speed; there are policy_path, mode"),
        ({"mode": "fake"}, "mode is 'fake', expected one of real, demo"),
        ({"inference_rate": "0"}, "inference_rate is '0': expected a number of Hz above 0"),
        ({"inference_rate": "nan"}, "inference_rate is 'nan'"),
        ({"speed_scale": "0"}, "speed_scale is '0': expected a number from 0.01 to 1"),
        ({"speed_scale": "1.5"}, "speed_scale is '1.5'"),
        ({"speed_scale": "nan"}, "speed_scale is 'nan'"),
        ({"dry_run": "yes"}, "dry_run is 'yes', expected one of"),
        ({"inference_rate": "fast"}, "inference_rate is 'fast'"),
        ({"namespace": "my arm"}, "namespace is 'my arm'"),
        ({"device": "gpu"}, "device is 'gpu'"),
        ({"engine": "slow"}, "engine is 'slow', expected one of"),
        ({"remap": "joint_states=/ur"}, "remap: 'joint_states=/ur': expected <topic>:=<topic>"),
        ({"remap": "a:=b c:="}, "remap: 'c:='"),
        ({"params_file": "/none.yaml"}, "params_file: no file /none.yaml"),
        ({"params_file": "ur10"}, "no 'ur10' in .*there: demo_arm.yaml, ur5e.yaml"),
    ],
)
def test_impossible_arguments_are_named(values: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        DEMO.nodes(values)


@pytest.mark.parametrize("bringup", BRINGUPS, ids=lambda bringup: bringup.name)
def test_every_argument_is_described_and_its_default_is_a_choice(bringup) -> None:
    for argument in bringup.arguments:
        assert argument.description.endswith(".")
        assert (
            not argument.choices
            or argument.default is None
            or argument.default in (argument.choices)
        )


@pytest.mark.parametrize("bringup", BRINGUPS, ids=lambda bringup: bringup.name)
def test_every_bringup_has_a_thin_launch_file(bringup) -> None:
    text = (share_directory() / "launch" / f"{bringup.name}.launch.py").read_text()
    compile(text, bringup.name, "exec")
    constant = {
        "demo": "DEMO",
        "policy": "POLICY",
        "conformance": "CONFORMANCE",
        "bringup": "REAL",
        "sim": "SIM",
    }[bringup.name]
    assert f"return launch_description({constant})" in text
    assert len(text.splitlines()) < 15


def test_parameters_stand_under_the_nodes_full_name() -> None:
    spec = named(DEMO.nodes({"namespace": "left"}))["pi0_policy"]
    document = yaml.safe_load(yaml.safe_dump(spec.parameter_document()))
    assert document["/left/pi0_policy"]["ros__parameters"]["mode"] == "demo"


def test_command_line_names_node_namespace_files_and_remappings() -> None:
    spec = NodeSpec(
        executable="policy_node",
        name="pi0_policy",
        namespace="left",
        params_file=Path("/robot.yaml"),
        parameters={},
        log_level="debug",
        remappings=(("camera/main/image_raw", "/front/image"),),
    )
    assert spec.ros_arguments(Path("/values.yaml")) == (
        "--ros-args",
        *("-r", "__node:=pi0_policy", "-r", "__ns:=/left", "--log-level", "debug"),
        *("--params-file", "/robot.yaml", "--params-file", "/values.yaml"),
        *("-r", "camera/main/image_raw:=/front/image"),
    )
