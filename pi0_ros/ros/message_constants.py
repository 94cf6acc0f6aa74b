"""Constants of a message by their values, for people to read."""

from typing import Any


def constant_names(message: Any, prefix: str) -> dict[int, str]:
    """Value -> name without `prefix`, of the message class's constants that begin with it."""
    names = (name for name in dir(message) if name.startswith(prefix))
    return {getattr(message, name): name.removeprefix(prefix) for name in names}
