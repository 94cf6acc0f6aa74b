"""The sets of processes that can be started."""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pi0_ros.bringup.arguments import (
    COMMON,
    CONTROL,
    INFERENCE,
    MODE,
    PARAMS_FILE,
    POLICY_PATH,
    SIMULATION,
)
from pi0_ros.bringup.clock import chosen_clock, follows_clock, on_one_clock
from pi0_ros.bringup.description import FROM_PARAMS_FILE, Bringup, NodeSpec
from pi0_ros.bringup.robot_file import (
    check_robot_file,
    find_robot_file,
    node_switch,
    require_last_word,
)
from pi0_ros.bringup.security import find_enclave
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.share import share_directory

_NAMESPACE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*")
_TOPIC = re.compile(r"[/~]?[A-Za-z_][A-Za-z0-9_/]*")
_SEED = re.compile(r"[0-9]{1,18}")
# What the reaching checkpoint was trained with.
_REACH_INSTRUCTION = "move to the red block"
_REACH_ACTION_RATE_HZ = 10.0
_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")


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
    }
    if values["device"] != FROM_PARAMS_FILE:
        parameters["device"] = _device(values["device"])
    for name in ("engine", "rtc", "instruction"):
        if values[name] != FROM_PARAMS_FILE:
            parameters[name] = values[name]
    if values["inference_rate"] != FROM_PARAMS_FILE:
        parameters["inference_rate"] = _rate(values["inference_rate"])
    if values["transport"] != FROM_PARAMS_FILE:
        parameters["camera_transport"] = values["transport"]
    return _node(values, "policy_node", "pi0_policy", parameters)


def _reach_policy(values: Mapping[str, str]) -> NodeSpec:
    """In mode demo without a checkpoint: the one that was trained in this simulation."""
    if values["mode"] != "demo" or values["policy_path"]:
        return _policy(values)
    checkpoint = share_directory() / "checkpoints" / "reach"
    spec = _policy({**values, "policy_path": str(checkpoint)})
    told = {"instruction": _REACH_INSTRUCTION, "action_rate": _REACH_ACTION_RATE_HZ}
    return replace(spec, parameters=told | dict(spec.parameters))


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
    cameras: dict[str, Any] = chosen_clock(values)
    if values["transport"] != FROM_PARAMS_FILE:
        cameras["camera_transport"] = values["transport"]
    return (
        _node(values, "mock_arm_node", "mock_arm", chosen_clock(values)),
        _node(values, "mock_cameras_node", "mock_cameras", cameras),
    )


def _simulated(values: Mapping[str, str]) -> tuple[NodeSpec, ...]:
    """The simulation, and what is driven by it and drives it."""
    others = on_one_clock(_reach_policy(values), _controller(values))
    is_clock = follows_clock(others[0])
    simulation = _simulation(values, is_clock)
    said = node_switch(simulation.params_file, simulation.full_name, "publish_clock")
    if values["use_sim_time"] == FROM_PARAMS_FILE and said and not is_clock:
        raise ConfigurationError(
            f"{simulation.params_file}: publish_clock is true and use_sim_time is not: who makes "
            "time must be followed, so set use_sim_time to true in the block /**"
        )
    return (simulation, *others)


def _simulation(values: Mapping[str, str], is_clock: bool) -> NodeSpec:
    # It makes the time that the others follow.
    parameters: dict[str, Any] = {"use_sim_time": False, "publish_clock": is_clock}
    if values["transport"] != FROM_PARAMS_FILE:
        parameters["camera_transport"] = values["transport"]
    if values["renderer"] != FROM_PARAMS_FILE:
        parameters["renderer"] = values["renderer"]
    if values["seed"] != FROM_PARAMS_FILE:
        parameters["seed"] = _seed(values["seed"])
    if values["real_time_factor"] != FROM_PARAMS_FILE:
        factor = _factor(values["real_time_factor"])
        if factor != 1.0 and not parameters["publish_clock"]:
            raise ConfigurationError(
                f"real_time_factor is {factor:g}: other than 1 only with use_sim_time true, which "
                "makes the simulation publish the time that the others follow"
            )
        parameters["real_time_factor"] = factor
    return _node(values, "sim_node", "sim", parameters)


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
        remappings=remapping_pairs(values["remap"]),
    )
    # Now, not from inside a node: a bad file or a missing key is one clear message.
    check_robot_file(spec.params_file, replace(spec, name="pi0_controller").full_name)
    require_last_word(spec.params_file, spec.full_name, parameters)
    return replace(spec, enclave=find_enclave(values["security_keystore"], name, spec.full_name))


def remapping_pairs(text: str) -> tuple[tuple[str, str], ...]:
    """(from, to) of each word of the argument `remap`.

    Raises:
        ConfigurationError: a word is no remapping.
    """
    pairs = tuple(tuple(word.split(":=")) for word in text.split())
    for pair in pairs:
        if len(pair) != 2 or not all(_TOPIC.fullmatch(name) for name in pair):
            raise ConfigurationError(
                f"remap: {':='.join(pair)!r}: expected <topic>:=<topic>, pairs separated by blanks"
            )
    return tuple((pair[0], pair[1]) for pair in pairs)


def _lifecycle(values: Mapping[str, str]) -> dict[str, Any]:
    return chosen_clock(values) | {"autostart": values["autostart"] == "true"}


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


def _seed(text: str) -> int:
    if not _SEED.fullmatch(text):
        raise ConfigurationError(f"seed is {text!r}: expected a whole number from 0 to 10^18 - 1")
    return int(text)


def _factor(text: str) -> float:
    factor = _number(text)
    if not 0.1 <= factor <= 10.0:
        raise ConfigurationError(f"real_time_factor is {text!r}: expected a number from 0.1 to 10")
    return factor


def _rate(text: str) -> float:
    rate = _number(text)
    if not 0.0 < rate < math.inf:
        raise ConfigurationError(f"inference_rate is {text!r}: expected a number of Hz above 0")
    return rate


DEMO = Bringup(
    name="demo",
    description="Pi0 drives a mock arm before mock cameras.",
    arguments=(
        POLICY_PATH,
        replace(MODE, default="demo"),
        replace(PARAMS_FILE, default="demo_arm.yaml"),
        *INFERENCE,
        *CONTROL,
        *COMMON,
    ),
    build=lambda values: on_one_clock(*_mocks(values), _policy(values), _controller(values)),
)
POLICY = Bringup(
    name="policy",
    description="The policy alone: cameras, joint states and instruction in, action chunks out.",
    arguments=(POLICY_PATH, MODE, PARAMS_FILE, *INFERENCE, *COMMON),
    build=lambda values: (_policy(values),),
)
CONFORMANCE = Bringup(
    name="conformance",
    description="A scripted policy drives a mock arm; all of them can be made to misbehave with "
    "their parameter fault, to see what comes of it.",
    arguments=(replace(PARAMS_FILE, default="demo_arm.yaml"), *INFERENCE, *CONTROL, *COMMON),
    build=lambda values: on_one_clock(*_mocks(values), _stub_policy(values), _controller(values)),
)
REAL = Bringup(
    name="bringup",
    description="Policy and controller for an arm and cameras that are already up.",
    arguments=(POLICY_PATH, MODE, PARAMS_FILE, *INFERENCE, *CONTROL, *COMMON),
    build=lambda values: on_one_clock(_policy(values), _controller(values)),
)
SIM = Bringup(
    name="sim",
    description="Pi0 drives an arm in MuJoCo, before cameras that see it and blocks that it can "
    "touch and push.",
    arguments=(
        replace(
            POLICY_PATH,
            description="Folder of a LeRobot checkpoint, or ws://HOST:PORT of a policy server. "
            "Empty in mode demo: the checkpoint of the package that was trained in this "
            "simulation.",
        ),
        replace(
            MODE,
            default="demo",
            description="real: a checkpoint of yours, an error without one. demo: the one of the "
            "package, which knows the demo arm only; every status message says so.",
        ),
        replace(PARAMS_FILE, default="demo_arm.yaml"),
        *SIMULATION,
        *INFERENCE,
        *CONTROL,
        *(
            replace(
                argument,
                description="true: simulated time, which the simulation publishes on /clock, for "
                "all nodes. false: the wall clock's. Empty: as in params_file.",
            )
            if argument.name == "use_sim_time"
            else argument
            for argument in COMMON
        ),
    ),
    build=_simulated,
)
BRINGUPS = (DEMO, POLICY, CONFORMANCE, REAL, SIM)
