"""Values in a message by key, where a key may step into maps inside the message."""

from collections.abc import Iterable, Mapping
from typing import Any

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.policy.remote.remote_config import NESTING

_MISSING = object()


def nested(values: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """A message with each value under its key.

    Raises:
        ConfigurationError: two values would lie in the same place.
    """
    message: dict[str, Any] = {}
    for key, value in values:
        *way, last = key.split(NESTING)
        place: Any = message
        for name in way:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise ConfigurationError(f"message key {key!r}: {name!r} is taken by another value")
        if last in place:
            raise ConfigurationError(f"message key {key!r} is given to two values")
        place[last] = value
    return message


def value_at(message: Mapping[str, Any], key: str) -> Any:
    """The value under `key`.

    Raises:
        KeyError: there is none.
    """
    value: Any = message
    for name in key.split(NESTING):
        value = value.get(name, _MISSING) if isinstance(value, dict) else _MISSING
        if value is _MISSING:
            raise KeyError(key)
    return value


def keys_of(message: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Every key of the message, in the same notation."""
    keys: list[str] = []
    for name, value in message.items():
        key = f"{prefix}{name}"
        keys += keys_of(value, f"{key}{NESTING}") if isinstance(value, dict) else [key]
    return keys
