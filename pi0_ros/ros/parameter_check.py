"""Checks given parameter values against a node's table; knows nothing of ROS."""

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pi0_ros.core.arrays import require_unique_names
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.ros.parameter import CAMERA, JOINT, Parameter, Value
from pi0_ros.ros.parameter_values import ParameterValues
from pi0_ros.ros.parameters import NODES
from pi0_ros.ros.shared_parameters import IGNORED_LIMIT_KEYS

# A camera's name becomes part of a topic's name.
_TOPIC_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_ROS_OWN = ("use_sim_time", "start_type_description_service", "qos_overrides.")
_TYPE_WORDS = {
    "bool": "true or false",
    "int": "a whole number",
    "double": "a number",
    "string": "a text",
    "string[]": "a list of texts",
    "double[]": "a list of numbers",
}


@dataclass(frozen=True, slots=True)
class CheckedParameters:
    """What came of the values given to a node.

    Attributes:
        table: name -> parameter, one entry for each camera and joint.
        values: every value that is valid, defaults included; none for what was left out.
        problems: one sentence for each value that cannot work; the node must not configure.
        remarks: one sentence for each value that has no effect.
    """

    table: Mapping[str, Parameter]
    values: ParameterValues
    problems: tuple[str, ...]
    remarks: tuple[str, ...]

    def require(self) -> ParameterValues:
        """The values.

        Raises:
            ConfigurationError: with all problems.
        """
        if self.problems:
            raise ConfigurationError("; ".join(self.problems))
        return self.values


def checked_parameters(
    table: Sequence[Parameter], given: Mapping[str, object]
) -> CheckedParameters:
    """Checks the values that a node was started with.

    Args:
        given: parameter name -> value as ROS hands it out.
    """
    problems: list[str] = []
    values: dict[str, Value] = {}
    expanded = _expanded(table, given, problems)
    for name, parameter in expanded.items():
        try:
            if name in given:
                values[name] = checked_value(name, parameter, given[name])
            elif parameter.default is not None:
                values[name] = parameter.default
            elif parameter.required:
                raise ConfigurationError(
                    f"{name} is missing: it has no default, set it in the robot's parameter file"
                )
        except ConfigurationError as error:
            problems.append(str(error))
    remarks: list[str] = []
    for name in given:
        if name not in expanded:
            _judge_unknown(name, table, expanded, problems, remarks)
    return CheckedParameters(
        expanded, ParameterValues(values), tuple(dict.fromkeys(problems)), tuple(remarks)
    )


def checked_value(name: str, parameter: Parameter, value: object) -> Value:
    """`value` in the parameter's type; whole numbers pass as numbers.

    Raises:
        ConfigurationError: wrong type, not finite, out of range, or not among the choices.
    """
    converted = _converted(parameter, value)
    if converted is None:
        shown = list(value) if isinstance(value, Sequence) and not _is_text(value) else value
        raise ConfigurationError(f"{name}: must be {_TYPE_WORDS[parameter.type]}, got {shown!r}")
    if parameter.choices and converted not in parameter.choices:
        allowed = ", ".join(choice or "(empty)" for choice in parameter.choices)
        raise ConfigurationError(f"{name}: must be one of {allowed}, got {converted!r}")
    for number in converted if isinstance(converted, tuple) else (converted,):
        if isinstance(number, float) and not math.isfinite(number):
            raise ConfigurationError(f"{name}: must be finite, got {number}")
        limits = parameter.range
        if limits is None or not isinstance(number, int | float):
            continue
        if not limits.low <= number <= limits.high:
            unit = f" {parameter.unit}" if parameter.unit else ""
            raise ConfigurationError(
                f"{name}: must be from {limits.low:g} to {limits.high:g}{unit}, got {number}"
            )
    return converted


def _converted(parameter: Parameter, value: object) -> Value | None:
    match parameter.type:
        case "bool":
            return value if isinstance(value, bool) else None
        case "int":
            return value if isinstance(value, int) and not isinstance(value, bool) else None
        case "double":
            return _number(value)
        case "string":
            return value if isinstance(value, str) else None
        case "string[]":
            items = _items(value)
            if items is None or not all(isinstance(item, str) for item in items):
                return None
            return tuple(str(item) for item in items)
        case "double[]":
            numbers = [_number(item) for item in _items(value) or ()]
            if _items(value) is None or None in numbers:
                return None
            return tuple(number for number in numbers if number is not None)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def _items(value: object) -> tuple[object, ...] | None:
    if value is None:
        # ROS hands out an empty list in a parameter file as a parameter without a value.
        return ()
    return tuple(value) if isinstance(value, Sequence) and not _is_text(value) else None


def _is_text(value: object) -> bool:
    return isinstance(value, str | bytes)


def _expanded(
    table: Sequence[Parameter], given: Mapping[str, object], problems: list[str]
) -> dict[str, Parameter]:
    """The table with an entry for each camera and joint."""
    owners = {
        CAMERA: _names("camera_names", table, given, problems),
        JOINT: _names("joint_names", table, given, problems),
    }
    problems.extend(
        f"camera_names: {camera!r} cannot be part of a topic's name; use letters, digits and "
        "underscores, a letter first"
        for camera in owners[CAMERA]
        if not _TOPIC_WORD.fullmatch(camera)
    )
    result: dict[str, Parameter] = {}
    for parameter in table:
        placeholder = next((mark for mark in owners if mark in parameter.name), None)
        if placeholder is None:
            result[parameter.name] = parameter
        else:
            for owner in owners[placeholder]:
                result[parameter.name.replace(placeholder, owner)] = parameter
    return result


def _names(
    name: str, table: Sequence[Parameter], given: Mapping[str, object], problems: list[str]
) -> tuple[str, ...]:
    """Camera or joint names; none where the node has no such parameter or they are unusable."""
    parameter = next((entry for entry in table if entry.name == name), None)
    if parameter is None:
        return ()
    try:
        value = checked_value(name, parameter, given.get(name, parameter.default))
        assert isinstance(value, tuple)
        return require_unique_names((str(item) for item in value), name)
    except ConfigurationError as error:
        problems.append(str(error))
        return ()


def _judge_unknown(
    name: str,
    table: Sequence[Parameter],
    expanded: Mapping[str, Parameter],
    problems: list[str],
    remarks: list[str],
) -> None:
    """A mistyped name must not pass for a default; what is meant for others may stay."""
    if name.startswith(_ROS_OWN):
        return
    family = name.split(".", maxsplit=1)[0]
    mine = any(entry.name.startswith(family + ".") for entry in table)
    others = {entry.name.split(".", maxsplit=1)[0] for node in NODES.values() for entry in node}
    if not mine:
        near = difflib.get_close_matches(name, expanded, n=1, cutoff=0.8)
        if family not in others and near:
            problems.append(f"{name}: unknown parameter; is {near[0]} meant?")
        elif family not in others:
            remarks.append(f"{name}: unknown parameter, ignored")
        return
    siblings = [known for known in expanded if known.startswith(family + ".")]
    if not siblings:
        # The names of joints or cameras are unusable, which is a problem of its own.
        return
    owner = name.rpartition(".")[0]
    if not any(known.startswith(owner + ".") for known in siblings):
        names = "camera_names" if family == "cameras" else "joint_names"
        problems.append(f"{owner}: {owner.removeprefix(family + '.')!r} is not in {names}")
        return
    if family == "joint_limits" and name.rpartition(".")[2] in IGNORED_LIMIT_KEYS:
        remarks.append(f"{name}: known from ros2_control, but not enforced here")
        return
    near = difflib.get_close_matches(name, siblings, n=1, cutoff=0.0)
    problems.append(f"{name}: no such parameter; is {near[0]} meant?")
