"""The sets of processes that can be started."""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pi0_ros.bringup.description import FROM_PARAMS_FILE, Argument, Bringup, NodeSpec
from pi0_ros.bringup.robot_file import check_robot_file, find_robot_file
from pi0_ros.bringup.security import find_enclave
from pi0_ros.core.errors import ConfigurationError

_SWITCH = ("true", "false")
_NAMESPACE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*")
_TOPIC = re.compile(r"[/~]?[A-Za-z_][A-Za-z0-9_/]*")
_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")

_POLICY_PATH = Argument(
    "policy_path",
    "Folder of a LeRobot checkpoint, or ws://HOST:PORT of a policy server. Empty in mode demo: the "
    "small demo checkpoint of the package.",
    default="",
)
_MODE = Argument(
    "mode",
    "real: a checkpoint of yours, an error without one. demo: the small demo checkpoint, which "
    "knows the demo arm only; every status message says so.",
    default="real",
    choices=("real", "demo"),
)
_PARAMS_FILE = Argument(
    "params_file",
    "The robot's parameter file (joint names, limits, rates): a path, or the name of a file in "
    "the package's config/ such as ur5e.yaml.",
)
_COMMON = (
    Argument(
        "namespace",
        "Namespace of all nodes and topics, such as left or cell_1/left. Empty: none.",
        default="",
    ),
    Argument(
        "remap",
        "Other topic names, separated by blanks: camera/main/image_raw:=/front/image_raw "
        "joint_states:=/ur/joint_states.",
        default="",
    ),
    Argument(
        "use_sim_time",
        "true: time comes from /clock, which something else must publish.",
        default="false",
        choices=_SWITCH,
    ),
    Argument(
        "log_level",
        "How much the nodes log.",
        default="info",
        choices=("debug", "info", "warn", "error", "fatal"),
    ),
    Argument(
        "autostart",
        "true: lifecycle nodes configure and activate themselves. "
        "false: do it with `ros2 lifecycle set`.",
        default="true",
        choices=_SWITCH,
    ),
    Argument(
        "security_keystore",
        "Folder of an SROS2 keystore with an enclave for each node: none runs without its keys, or "
        "talks to anybody without keys. Empty: security as the environment has it.",
        default="",
    ),
)
_INFERENCE = (
    Argument(
        "device",
        "What the policy runs on: auto (CUDA where there is one), cpu, cuda or cuda:N.",
        default="auto",
    ),
    Argument(
        "engine",
        "What computes chunks: fast (the package's own engine) or lerobot (LeRobot's model). "
        "Empty: as in params_file.",
        default=FROM_PARAMS_FILE,
        choices=(FROM_PARAMS_FILE, "fast", "lerobot"),
    ),
    Argument(
        "rtc",
        "Real-time chunking: off, identity (the cheaper) or jacobian (the published method). "
        "Empty: as in params_file.",
        default=FROM_PARAMS_FILE,
        choices=(FROM_PARAMS_FILE, "off", "identity", "jacobian"),
    ),
    Argument(
        "instruction",
        "The task in words, until another one comes on the topic instruction. "
        "Empty: as in params_file.",
        default=FROM_PARAMS_FILE,
    ),
    Argument(
        "inference_rate",
        "Chunks per second, Hz. Empty: as in params_file.",
        default=FROM_PARAMS_FILE,
    ),
    Argument(
        "transport",
        "How pictures travel: raw (sensor_msgs/Image on camera/<name>/image_raw) or compressed "
        "(sensor_msgs/CompressedImage on …/image_raw/compressed). Empty: as in params_file.",
        default=FROM_PARAMS_FILE,
        choices=(FROM_PARAMS_FILE, "raw", "compressed"),
    ),
)
_CONTROL = (
    Argument(
        "command_interface",
        "What the arm takes: joint_trajectory (trajectory_msgs/JointTrajectory for a "
        "joint_trajectory_controller) or forward_position (std_msgs/Float64MultiArray for a "
        "forward_command_controller). Empty: as in params_file.",
        default=FROM_PARAMS_FILE,
        choices=(FROM_PARAMS_FILE, "joint_trajectory", "forward_position"),
    ),
    Argument(
        "speed_scale",
        "How fast chunks are played, from 0.01 to 1: 0.2 for a first run. It can be changed while "
        "it runs, with `ros2 param set`. Empty: as in params_file.",
        default=FROM_PARAMS_FILE,
    ),
    Argument(
        "dry_run",
        "true: decide and report everything and send nothing to the arm. Empty: as in params_file.",
        default=FROM_PARAMS_FILE,
        choices=(FROM_PARAMS_FILE, *_SWITCH),
    ),
)


def _folder_or_server(policy_path: str) -> str:
    if not policy_path or "://" in policy_path:
        return policy_path
    return str(Path(policy_path).expanduser())


def _policy(values: Mapping[str, str]) -> NodeSpec:
    policy_path = values["policy_path"]
    if values["mode"] == "real" and not policy_path:
        raise ConfigurationError(
            "mode real needs policy_path: the folder of your LeRobot checkpoint"
        )
    parameters = _lifecycle(values) | {
        "mode": values["mode"],
        "policy_path": _folder_or_server(policy_path),
        "device": _device(values["device"]),
    }
    for name in ("engine", "rtc", "instruction"):
        if values[name] != FROM_PARAMS_FILE:
            parameters[name] = values[name]
    if values["inference_rate"] != FROM_PARAMS_FILE:
        parameters["inference_rate"] = _rate(values["inference_rate"])
    if values["transport"] != FROM_PARAMS_FILE:
        parameters["camera_transport"] = values["transport"]
    return _node(values, "policy_node", "pi0_policy", parameters)


def _stub_policy(values: Mapping[str, str]) -> NodeSpec:
    return replace(
        _policy({**values, "mode": "demo", "policy_path": ""}), executable="stub_policy_node"
    )


def _controller(values: Mapping[str, str]) -> NodeSpec:
    parameters = _lifecycle(values)
    if values["command_interface"] != FROM_PARAMS_FILE:
        parameters["command_interface"] = values["command_interface"]
    if values["speed_scale"] != FROM_PARAMS_FILE:
        parameters["speed_scale"] = _share(values["speed_scale"])
    if values["dry_run"] != FROM_PARAMS_FILE:
        parameters["dry_run"] = values["dry_run"] == "true"
    return _node(values, "controller_node", "pi0_controller", parameters)


def _mocks(values: Mapping[str, str]) -> tuple[NodeSpec, ...]:
    cameras = _clock(values)
    if values["transport"] != FROM_PARAMS_FILE:
        cameras["camera_transport"] = values["transport"]
    return (
        _node(values, "mock_arm_node", "mock_arm", _clock(values)),
        _node(values, "mock_cameras_node", "mock_cameras", cameras),
    )


def _node(
    values: Mapping[str, str], executable: str, name: str, parameters: Mapping[str, Any]
) -> NodeSpec:
    namespace = values["namespace"].strip("/")
    if namespace and not _NAMESPACE.fullmatch(namespace):
        raise ConfigurationError(
            f"namespace is {values['namespace']!r}: expected names of letters, digits and "
            "underscores, separated by /"
        )
    spec = NodeSpec(
        executable=executable,
        name=name,
        namespace=namespace,
        params_file=find_robot_file(values["params_file"]),
        parameters=parameters,
        log_level=values["log_level"],
        remappings=_remappings(values["remap"]),
    )
    # Now, not from inside a node: a bad file or a missing key is one clear message.
    check_robot_file(spec.params_file, replace(spec, name="pi0_controller").full_name)
    return replace(spec, enclave=find_enclave(values["security_keystore"], name, spec.full_name))


def _remappings(text: str) -> tuple[tuple[str, str], ...]:
    pairs = tuple(tuple(word.split(":=")) for word in text.split())
    for pair in pairs:
        if len(pair) != 2 or not all(_TOPIC.fullmatch(name) for name in pair):
            raise ConfigurationError(
                f"remap: {':='.join(pair)!r}: expected <topic>:=<topic>, pairs separated by blanks"
            )
    return tuple((pair[0], pair[1]) for pair in pairs)


def _clock(values: Mapping[str, str]) -> dict[str, Any]:
    return {"use_sim_time": values["use_sim_time"] == "true"}


def _lifecycle(values: Mapping[str, str]) -> dict[str, Any]:
    return _clock(values) | {"autostart": values["autostart"] == "true"}


def _device(text: str) -> str:
    if not _DEVICE.fullmatch(text):
        raise ConfigurationError(f"device is {text!r}: expected auto, cpu, cuda or cuda:N")
    return text


def _share(text: str) -> float:
    share = _number(text)
    if not 0.01 <= share <= 1.0:
        raise ConfigurationError(f"speed_scale is {text!r}: expected a number from 0.01 to 1")
    return share


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _rate(text: str) -> float:
    rate = _number(text)
    if not 0.0 < rate < math.inf:
        raise ConfigurationError(f"inference_rate is {text!r}: expected a number of Hz above 0")
    return rate


DEMO = Bringup(
    name="demo",
    description="Pi0 drives a mock arm before mock cameras.",
    arguments=(
        _POLICY_PATH,
        replace(_MODE, default="demo"),
        replace(_PARAMS_FILE, default="demo_arm.yaml"),
        *_INFERENCE,
        *_CONTROL,
        *_COMMON,
    ),
    build=lambda values: (*_mocks(values), _policy(values), _controller(values)),
)
POLICY = Bringup(
    name="policy",
    description="The policy alone: cameras, joint states and instruction in, action chunks out.",
    arguments=(_POLICY_PATH, _MODE, _PARAMS_FILE, *_INFERENCE, *_COMMON),
    build=lambda values: (_policy(values),),
)
CONFORMANCE = Bringup(
    name="conformance",
    description="A scripted policy drives a mock arm; all of them can be made to misbehave with "
    "their parameter fault, to see what comes of it.",
    arguments=(replace(_PARAMS_FILE, default="demo_arm.yaml"), *_INFERENCE, *_CONTROL, *_COMMON),
    build=lambda values: (*_mocks(values), _stub_policy(values), _controller(values)),
)
REAL = Bringup(
    name="bringup",
    description="Policy and controller for an arm and cameras that are already up.",
    arguments=(_POLICY_PATH, _MODE, _PARAMS_FILE, *_INFERENCE, *_CONTROL, *_COMMON),
    build=lambda values: (_policy(values), _controller(values)),
)
BRINGUPS = (DEMO, POLICY, CONFORMANCE, REAL)
