"""Processes of other packages, as data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


class Ending(Enum):
    """What the end of a process means."""

    FATAL = "the whole bring-up ends"
    FATAL_IF_FAILED = "it has done its work, unless its exit status says otherwise"
    HARMLESS = "the user has closed it"


@dataclass(frozen=True, slots=True)
class RobotDescription:
    """A URDF that is still to be made from a xacro file with arguments for it."""

    file: Path
    arguments: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ForeignNode:
    """One process of another package.

    Attributes:
        package, executable: as in `ros2 run <package> <executable>`.
        namespace: "" for none; relative, without slashes around it.
        name: of its node; "" leaves the executable's own, which some insist on.
        arguments: on the command line, before those of ROS.
        params_files: parameter files.
        parameters: what stands above the files: parameter -> bool, int, float or str.
        description: becomes the parameter robot_description.
        remappings: (from, to) pairs.
        ending: what its end means.
    """

    package: str
    executable: str
    namespace: str
    name: str = ""
    arguments: tuple[str, ...] = ()
    params_files: tuple[Path, ...] = ()
    parameters: Mapping[str, bool | int | float | str] = field(default_factory=dict)
    description: RobotDescription | None = None
    remappings: tuple[tuple[str, str], ...] = ()
    ending: Ending = Ending.FATAL

    @property
    def full_name(self) -> str:
        return f"{self.package} {self.executable}"


def how_to_install(missing: Sequence[str], distro: str) -> str:
    """A sentence that names the Debian packages of ROS packages that are not there.

    Args:
        missing: at least one.
        distro: as in ROS_DISTRO; "" where it is not known.
    """
    prefix = f"ros-{distro or '$ROS_DISTRO'}-"
    names = " ".join(prefix + package.replace("_", "-") for package in missing)
    return f"not installed: {', '.join(missing)}; sudo apt install {names}"
