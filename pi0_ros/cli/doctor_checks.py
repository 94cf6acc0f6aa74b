"""What `pi0 doctor` looks at; each check returns an outcome and a line, or raises."""

import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from pi0_ros.bringup import DEMO, SIM, process_environment
from pi0_ros.bringup.robot_file import check_robot_file, dotted_parameters, find_robot_file
from pi0_ros.cli.doctor_checkpoint import shipped_checkpoint, users_checkpoint
from pi0_ros.cli.doctor_outcome import Check, Outcome, Result
from pi0_ros.cli.domain import reserve_domain
from pi0_ros.core.printable import printable
from pi0_ros.share import share_directory

_LEROBOT = "0.6.1"
# Four processes of the demo with a segment each, and this command's own.
_SHARED_MEMORY_BYTES = 5 * 16 * 2**20
_SHARED_MEMORY = Path("/dev/shm")
# Until a policy server has accepted and told what it is.
_CONNECT_TIMEOUT_S = 3.0
_DEMO_ARM = "demo_arm.yaml"
_NODES = ("pi0_policy", "pi0_controller")


def all_checks(
    params_file: str | None, policy_path: str | None, environment: Mapping[str, str]
) -> tuple[tuple[str, Check], ...]:
    """Name and check, cheap ones first.

    Args:
        params_file: the robot's, a path or a name in config/; None: the demo arm's, with which a
            checkpoint of a user's is not compared.
        policy_path: as the parameter of that name; None: the checkpoints of the package.
    """
    return (
        ("python", python),
        ("share folder", lambda: (Outcome.OK, str(share_directory()))),
        ("rclpy", partial(rclpy_imports, environment)),
        ("messages", messages),
        ("rmw", partial(rmw, environment)),
        ("transport", partial(transport, environment)),
        ("shared memory", shared_memory),
        ("domain", partial(domain, environment)),
        ("robot file", partial(robot_file, params_file or _DEMO_ARM)),
        *policy(policy_path, params_file),
        ("opencv", opencv),
        ("torch", torch),
        ("lerobot", lerobot),
    )


def python() -> Result:
    version = platform.python_version()
    if sys.version_info < (3, 12):  # noqa: UP036  # that is what is to be found out
        return Outcome.FAILURE, f"{version}: LeRobot {_LEROBOT} needs 3.12"
    return Outcome.OK, f"{version} ({sys.executable})"


def rclpy_imports(environment: Mapping[str, str]) -> Result:
    import rclpy

    distro = environment.get("ROS_DISTRO", "")
    if not distro:
        return Outcome.WARNING, f"{rclpy.__file__}; ROS_DISTRO is not set: source your ROS 2"
    return Outcome.OK, f"ROS 2 {distro} ({Path(rclpy.__file__).parent})"


def messages() -> Result:
    from pi0_ros import msg
    from pi0_ros.msg import ActionChunk

    # Loads the compiled part, too.
    ActionChunk.__class__.__import_type_support__()
    return Outcome.OK, str(Path(msg.__file__).parent)


def rmw(environment: Mapping[str, str]) -> Result:
    import rclpy

    name = rclpy.get_rmw_implementation_identifier()
    asked = environment.get("RMW_IMPLEMENTATION", name)
    if asked != name:
        return Outcome.FAILURE, f"RMW_IMPLEMENTATION={asked}, but {name} was loaded"
    if not name.startswith("rmw_fastrtps"):
        return Outcome.WARNING, f"{name}: give it buffers for pictures of 1 MB"
    return Outcome.OK, name


def transport(environment: Mapping[str, str]) -> Result:
    settings = process_environment(share_directory(), environment)
    if settings.notes:
        return Outcome.WARNING, "; ".join(settings.notes)
    ours = share_directory() / "config" / "fastdds.xml"
    if str(ours) in settings.variables().values():
        return Outcome.OK, f"{ours} is set for what `pi0` and the launch files start"
    return Outcome.OK, f"{ours} is in force"


def shared_memory() -> Result:
    if not _SHARED_MEMORY.is_dir():
        return Outcome.WARNING, f"no {_SHARED_MEMORY}: pictures travel over UDP and get lost"
    free = shutil.disk_usage(_SHARED_MEMORY).free
    left = [
        path
        for pattern in ("fastrtps_*", "fastdds_*")
        for path in _SHARED_MEMORY.glob(pattern)
        if path.is_file()
    ]
    size = sum(path.stat().st_size for path in left)
    text = f"{free / 2**20:.0f} MiB free; Fast DDS uses {size / 2**20:.0f} MiB in {len(left)} files"
    if free < _SHARED_MEMORY_BYTES:
        return Outcome.FAILURE, (
            f"{text}; {_SHARED_MEMORY_BYTES / 2**20:.0f} MiB are needed. In a container: "
            "--shm-size=1g or --ipc=host. Leftovers of killed processes: remove "
            f"{_SHARED_MEMORY}/fastrtps_* while no ROS process runs"
        )
    return Outcome.OK, text


def domain(environment: Mapping[str, str]) -> Result:
    users = environment.get("ROS_DOMAIN_ID", "")
    discovery = environment.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    if not users:
        with reserve_domain() as free:
            return Outcome.OK, f"ROS_DOMAIN_ID is not set; `pi0 demo` would take {free.domain}"
    if not users.isdecimal() or int(users) > 232:
        return Outcome.FAILURE, f"ROS_DOMAIN_ID={users}: expected 0 to 101 (at most 232)"
    return Outcome.OK, f"ROS_DOMAIN_ID={users}, discovery {discovery}"


def robot_file(params_file: str) -> Result:
    from pi0_ros.ros.parameter_check import checked_parameters
    from pi0_ros.ros.parameters import NODES

    path = find_robot_file(params_file)
    joints = check_robot_file(path)
    problems, remarks = [], []
    for node in _NODES:
        checked = checked_parameters(NODES[node], dotted_parameters(path, "", node))
        problems += [f"{node}: {problem}" for problem in checked.problems]
        remarks += [f"{node}: {remark}" for remark in checked.remarks]
    if problems:
        return Outcome.FAILURE, f"{path}: {'; '.join(problems)}"
    if remarks:
        return Outcome.WARNING, f"{path}: {'; '.join(remarks)}"
    return Outcome.OK, f"{path} ({len(joints)} joints)"


def policy(policy_path: str | None, params_file: str | None) -> tuple[tuple[str, Check], ...]:
    """The checks of whatever `policy_path` names; see all_checks."""
    from pi0_ros.policy.remote.remote_config import is_remote

    if policy_path is None:
        # What `pi0 demo` and `pi0 demo --arm mock` take.
        return tuple(("checkpoint", partial(shipped_checkpoint, arm)) for arm in (SIM, DEMO))
    if is_remote(policy_path):
        return (("policy server", partial(policy_server, policy_path)),)
    return (("checkpoint", partial(users_checkpoint, Path(policy_path), params_file)),)


def policy_server(url: str) -> Result:
    """Connects and hears what is announced; nothing is asked of the policy."""
    from pi0_ros.policy.remote.announcement import read_greeting
    from pi0_ros.policy.remote.link import Link
    from pi0_ros.policy.remote.remote_config import RemoteConfig

    remote = RemoteConfig(url, connect_timeout_s=_CONNECT_TIMEOUT_S)
    link = Link(remote)
    try:
        greeting = read_greeting(link.open(), remote.server)
    finally:
        link.close()
    served = greeting.announced
    if served is None:
        return Outcome.WARNING, (
            f"{remote.server} answers, but does not say what it serves: whether that fits this "
            "robot shows when pi0_policy asks it for the first chunk"
        )
    kind = "demo checkpoint, " if served.demo else ""
    return Outcome.OK, (
        f"{remote.server} serves {greeting.name}: {kind}{served.joints} joints, chunks of "
        f"{served.horizon} rows, pictures of {served.image_width}x{served.image_height}: "
        f"{printable(', '.join(served.pictures))}"
    )


def opencv() -> Result:
    import cv2

    return Outcome.OK, str(cv2.__version__)


def torch() -> Result:
    import torch as library

    if library.cuda.is_available():
        device = library.cuda.get_device_name(0)
        return Outcome.OK, f"{library.__version__}, CUDA on {device}"
    return Outcome.OK, f"{library.__version__}, no CUDA: the CPU, {os.cpu_count()} cores"


def lerobot() -> Result:
    # The version alone: importing it takes ten seconds.
    version = importlib.metadata.version("lerobot")
    if version != _LEROBOT:
        return Outcome.WARNING, f"{version}; tested with {_LEROBOT}"
    return Outcome.OK, version
