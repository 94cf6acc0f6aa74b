"""What is known about a parameter before any node exists."""

from dataclasses import dataclass
from typing import Literal

ParameterType = Literal["bool", "int", "double", "string", "string[]", "double[]"]
Value = bool | int | float | str | tuple[str, ...] | tuple[float, ...]

CAMERA = "<camera>"
JOINT = "<joint>"


@dataclass(frozen=True, slots=True)
class Range:
    """Smallest and largest value, both allowed."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter.

    Attributes:
        name: `<camera>` and `<joint>` in it stand for each of `camera_names` and `joint_names`.
        default: None where there is none; the parameter is then required, unless it is optional.
        unit: of the value; empty where it has none.
        range: of a number, or of each number of a list.
        choices: all texts that are allowed; empty for any.
        optional: may be left out although it has no default; it then has no value.
        read_only: False where a running node takes a new value.
    """

    name: str
    type: ParameterType
    default: Value | None
    description: str
    unit: str = ""
    range: Range | None = None
    choices: tuple[str, ...] = ()
    read_only: bool = True
    optional: bool = False

    @property
    def required(self) -> bool:
        return self.default is None and not self.optional
