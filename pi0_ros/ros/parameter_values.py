"""Checked parameter values."""

from collections.abc import Mapping
from dataclasses import dataclass

from pi0_ros.ros.parameter import Value


@dataclass(frozen=True, slots=True)
class ParameterValues:
    """Values by parameter name, each of the type that its table says.

    Asking for a name or type that the table does not have is a mistake in the program.
    """

    by_name: Mapping[str, Value]

    def flag(self, name: str) -> bool:
        value = self.by_name[name]
        assert isinstance(value, bool)
        return value

    def whole(self, name: str) -> int:
        value = self.by_name[name]
        assert isinstance(value, int)
        return value

    def number(self, name: str) -> float:
        value = self.by_name[name]
        assert isinstance(value, float)
        return value

    def text(self, name: str) -> str:
        value = self.by_name[name]
        assert isinstance(value, str)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.by_name[name]
        assert isinstance(value, tuple)
        return tuple(str(item) for item in value)

    def numbers(self, name: str) -> tuple[float, ...]:
        value = self.by_name[name]
        assert isinstance(value, tuple)
        return tuple(float(item) for item in value)

    def below(self, prefix: str) -> dict[str, dict[str, Value]]:
        """`prefix.<a>.<key>` as a table a -> key -> value."""
        result: dict[str, dict[str, Value]] = {}
        for name, value in self.by_name.items():
            if name.startswith(prefix + "."):
                owner, _, key = name.removeprefix(prefix + ".").rpartition(".")
                result.setdefault(owner, {})[key] = value
        return result
