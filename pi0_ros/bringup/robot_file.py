"""The robot's parameter file, read without ROS."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pi0_ros.bringup.parameter_file import Block, in_force, nested, read_blocks
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.joint_limits_form import JointLimitsForm
from pi0_ros.core.limit_sources import combined_limits, require_what_no_urdf_gives
from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.urdf_file import urdf_file_text
from pi0_ros.core.urdf_limits import urdf_limits
from pi0_ros.share import share_directory


def find_robot_file(text: str) -> Path:
    """The parameter file that `text` names: a path, or the name of a file in our config/.

    Raises:
        ConfigurationError: there is no such file.
    """
    given = Path(text).expanduser()
    if given.is_file():
        return given.resolve()
    shipped = share_directory() / "config"
    if given.name == text:
        for candidate in (shipped / text, shipped / f"{text}.yaml"):
            if candidate.is_file():
                return candidate
    names = ", ".join(sorted(file.name for file in shipped.glob("*.yaml")))
    raise ConfigurationError(
        f"params_file: no file {given.absolute()}, and no {text!r} in {shipped} (there: {names})"
    )


def node_parameters(path: Path, full_name: str) -> dict[str, Any]:
    """Parameters that the file gives to the node `full_name`, nested.

    Raises:
        ConfigurationError: the file is not a ROS parameter file.
    """
    parameters = in_force(read_blocks(path), full_name)
    try:
        return nested(parameters)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from error


def dotted_parameters(path: Path, namespace: str, node: str) -> dict[str, Any]:
    """Parameter name -> value for the node, names joined by dots, as ROS does.

    Args:
        namespace: of the node; empty for none.

    Raises:
        ConfigurationError: the file is not a ROS parameter file.
    """
    prefix = f"/{namespace.strip('/')}" if namespace.strip("/") else ""
    return in_force(read_blocks(path), f"{prefix}/{node}")


def node_switch(path: Path, full_name: str, name: str) -> bool:
    """A parameter of the node that is true or false, and false where the file does not say.

    Raises:
        ConfigurationError: it is neither.
    """
    return _flag(path, node_parameters(path, full_name), name)


def require_last_word(path: Path, full_name: str, chosen: Mapping[str, Any]) -> None:
    """Checks that a node gets what was chosen for it, in a block of its full name after the file.

    Raises:
        ConfigurationError: the file has the last word on one of the parameters.
    """
    both = in_force((*read_blocks(path), Block(full_name, chosen)), full_name)
    for name, value in chosen.items():
        if both[name] != value:
            raise ConfigurationError(
                f"{path}: {name} is chosen as {value!r}, and this file would make it "
                f"{both[name]!r} again: in ROS the later block wins, and here a block with "
                f"wildcards stands below {full_name}. Put the blocks with wildcards first"
            )


def robot_limits(path: Path, full_name: str = "/pi0_controller") -> ArmLimits:
    """Joint names and limits that the file, with the `urdf_file` it names, gives to the controller.

    Raises:
        ConfigurationError: anything of it is missing or impossible; the message names the key. Also
            where the limits are to come from the topic robot_description.
    """
    parameters = node_parameters(path, full_name)
    names, form = _names_and_form(path, parameters)
    if _flag(path, parameters, "use_robot_description"):
        raise ConfigurationError(
            f"{path}: use_robot_description: limits from a topic are not known before the "
            "controller runs; set urdf_file instead"
        )
    file = parameters.get("urdf_file", "")
    if not isinstance(file, str):
        raise ConfigurationError(f"{path}: urdf_file: expected a path, got {file!r}")
    try:
        urdf = urdf_limits(urdf_file_text(file), names, f"urdf_file {file}") if file else None
        return combined_limits(names, form, urdf).limits
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from error


def check_robot_file(path: Path, full_name: str = "/pi0_controller") -> tuple[str, ...]:
    """Checks all that can be known of the limits before the controller runs.

    Returns:
        The joints' names.

    Raises:
        ConfigurationError: anything of it is missing or impossible; the message names the key.
    """
    parameters = node_parameters(path, full_name)
    if not _flag(path, parameters, "use_robot_description"):
        return robot_limits(path, full_name).joint_names
    if parameters.get("urdf_file", ""):
        raise ConfigurationError(f"{path}: urdf_file and use_robot_description: set one of them")
    names, form = _names_and_form(path, parameters)
    try:
        require_what_no_urdf_gives(names, form)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from error
    return tuple(names)


def _flag(path: Path, parameters: Mapping[str, Any], name: str) -> bool:
    value = parameters.get(name, False)
    if not isinstance(value, bool):
        raise ConfigurationError(f"{path}: {name}: must be true or false, got {value!r}")
    return value


def _names_and_form(path: Path, parameters: Mapping[str, Any]) -> tuple[list[str], JointLimitsForm]:
    names = parameters.get("joint_names")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(f"{path}: joint_names: expected a list of names, got {names!r}")
    limits = parameters.get("joint_limits")
    if not isinstance(limits, dict) or not all(isinstance(v, dict) for v in limits.values()):
        raise ConfigurationError(f"{path}: joint_limits: expected a block per joint")
    return names, limits
