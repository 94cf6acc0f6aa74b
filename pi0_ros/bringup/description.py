"""A bring-up as data: its arguments, and the processes they lead to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pi0_ros.bringup.security import Enclave
from pi0_ros.core.errors import ConfigurationError

# "" means: as the parameter file says, or else the node's own default.
FROM_PARAMS_FILE = ""


@dataclass(frozen=True, slots=True)
class Argument:
    """What a user can choose when starting a bring-up.

    Attributes:
        name: as in `name:=value`.
        description: one or two sentences, with the unit.
        default: None makes the argument required.
        choices: allowed values; empty for any.
    """

    name: str
    description: str
    default: str | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One process with one node.

    Attributes:
        executable: as in `ros2 run pi0_ros <executable>`; the module is pi0_ros.ros.<executable>.
        name: the node's name.
        namespace: "" for none; relative, without slashes around it.
        params_file: the robot's parameter file.
        parameters: what stands above the file: parameter -> bool, int, float or str.
        remappings: (from, to) pairs.
        log_level: of the node's loggers.
        enclave: its SROS2 identity, without which it must not run; None leaves security as the
            user's environment has it.
        required: whether its end is the end of the whole bring-up.
    """

    executable: str
    name: str
    namespace: str
    params_file: Path
    parameters: Mapping[str, Any]
    log_level: str
    remappings: tuple[tuple[str, str], ...] = ()
    enclave: Enclave | None = None
    required: bool = True

    @property
    def full_name(self) -> str:
        return f"/{self.namespace}/{self.name}" if self.namespace else f"/{self.name}"

    def parameter_document(self) -> dict[str, Any]:
        """`parameters` as the content of a ROS parameter file, to be given after the robot's.

        In ROS the later block wins, and a block of a name that the robot's file has as well stays
        in that one's place: `require_last_word` checks that nothing below it says otherwise.
        """
        return {self.full_name: {"ros__parameters": dict(self.parameters)}}

    def variables(self) -> dict[str, str]:
        """Environment variables of this process alone; they replace the user's."""
        return {} if self.enclave is None else self.enclave.variables()

    def ros_arguments(self, parameters_file: Path) -> tuple[str, ...]:
        """Command-line arguments of the process.

        Args:
            parameters_file: where `parameter_document` was written.
        """
        arguments = [
            "--ros-args",
            *("-r", f"__node:={self.name}"),
            *("-r", f"__ns:=/{self.namespace}"),
            *("--log-level", self.log_level),
            *("--params-file", str(self.params_file)),
            *("--params-file", str(parameters_file)),
        ]
        for source, target in self.remappings:
            arguments += ["-r", f"{source}:={target}"]
        if self.enclave is not None:
            arguments += self.enclave.ros_arguments()
        return tuple(arguments)


@dataclass(frozen=True, slots=True)
class Bringup:
    """A named set of processes.

    Attributes:
        build: checked argument values -> processes.
    """

    name: str
    description: str
    arguments: tuple[Argument, ...]
    build: Callable[[Mapping[str, str]], tuple[NodeSpec, ...]] = field(repr=False)

    def nodes(self, values: Mapping[str, str]) -> tuple[NodeSpec, ...]:
        """The processes for the given argument values; defaults fill what is absent.

        Raises:
            ConfigurationError: an argument is unknown, missing or impossible.
        """
        return self.build(self.checked(values))

    def checked(self, values: Mapping[str, str]) -> dict[str, str]:
        """All arguments with their values.

        Raises:
            ConfigurationError: an argument is unknown, missing or not among its choices.
        """
        names = [argument.name for argument in self.arguments]
        unknown = sorted(set(values) - set(names))
        if unknown:
            raise ConfigurationError(
                f"{self.name}: unknown argument {', '.join(unknown)}; there are {', '.join(names)}"
            )
        result = {}
        for argument in self.arguments:
            value = values.get(argument.name, argument.default)
            if value is None or (argument.default is None and not value):
                raise ConfigurationError(
                    f"{self.name}: {argument.name}:=… is required: {argument.description}"
                )
            if argument.choices and value not in argument.choices:
                allowed = ", ".join(choice or "(empty)" for choice in argument.choices)
                raise ConfigurationError(
                    f"{self.name}: {argument.name} is {value!r}, expected one of {allowed}"
                )
            result[argument.name] = value
        return result
