"""ROS parameter files, read and merged as rcl and rclpy do, without either.

What a node gets is decided by order, not by how precise a block's name is: of the blocks that match
the node, in one file or several, the later wins. A name that comes again adds to its first block
and stays in that one's place.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from pi0_ros.core.errors import ConfigurationError

# rcl compares no more of the key than this.
_PARAMETERS = "ros__parameters"
_NAME = re.compile(r"/?(\*\*?|\w+)(/(\*\*?|\w+))*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Block:
    """What a file says to the nodes of a name.

    Attributes:
        name: of nodes, such as `/left/pi0_policy`, `pi0_policy` or `/**`.
        parameters: parameter -> value; names are joined by dots.
    """

    name: str
    parameters: Mapping[str, Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))

    def matches(self, full_name: str) -> bool:
        """Whether it speaks to that node: `*` is one name, `**` any number of them, or none."""
        absolute = self.name if self.name.startswith("/") else f"/{self.name}"
        pattern = absolute.replace("/*", r"(/\w+)")
        return re.fullmatch(pattern, full_name, re.ASCII) is not None


def read_blocks(path: Path) -> tuple[Block, ...]:
    """The file's blocks in their order.

    Raises:
        ConfigurationError: it is not a ROS parameter file.
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"params_file {path}: cannot be read: {error}") from error
    if not isinstance(document, _Pairs) or not document:
        raise ConfigurationError(
            f"params_file {path}: expected a ROS parameter file (`/**:` and `ros__parameters:`)"
        )
    return tuple(_blocks(path, "", document))


def in_force(blocks: Iterable[Block], full_name: str) -> dict[str, Any]:
    """Parameter -> value for a node, names joined by dots.

    Args:
        blocks: of all files that the node is given, in their order.
        full_name: with its namespace, beginning with a slash.
    """
    by_name: dict[str, dict[str, Any]] = {}
    for block in blocks:
        by_name.setdefault(block.name, {}).update(block.parameters)
    result: dict[str, Any] = {}
    for name, parameters in by_name.items():
        if Block(name, parameters).matches(full_name):
            result |= parameters
    return result


def nested(dotted: Mapping[str, Any]) -> dict[str, Any]:
    """The same parameters with a block for every dot in their names.

    Raises:
        ConfigurationError: a name is both a parameter and a block of others.
    """
    result: dict[str, Any] = {}
    for name, value in dotted.items():
        *folders, last = name.split(".")
        block = result
        for folder in folders:
            block = block.setdefault(folder, {})
            if not isinstance(block, dict):
                raise _both(name)
        if isinstance(block.get(last), dict):
            raise _both(name)
        block[last] = value
    return result


def _both(name: str) -> ConfigurationError:
    return ConfigurationError(f"{name}: a part of this name is both a value and a block")


class _Pairs(tuple[tuple[str, Any], ...]):
    """A mapping as it stands in the file: keys as text, and those that come twice, too."""


class _SafeLoader(yaml.SafeLoader):
    pass


def _pairs(loader: _SafeLoader, node: yaml.MappingNode) -> _Pairs:
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(
                None, None, "expected a name before the colon", key.start_mark
            )
    return _Pairs(
        (key.value, loader.construct_object(value, deep=True)) for key, value in node.value
    )


_SafeLoader.add_constructor("tag:yaml.org,2002:map", _pairs)


def _blocks(path: Path, name: str, pairs: _Pairs) -> Iterator[Block]:
    for key, value in pairs:
        if name and key.startswith(_PARAMETERS) and isinstance(value, _Pairs):
            if not _NAME.fullmatch(name):
                raise ConfigurationError(
                    f"{path}: {name}: expected a node's name, such as /left/pi0_policy, pi0_policy "
                    "or /**"
                )
            yield Block(name, dict(_dotted(value)))
        elif isinstance(value, _Pairs):
            below = f"{name}{'' if name.endswith('/') or not name else '/'}{key}"
            yield from _blocks(path, below, value)
        else:
            raise ConfigurationError(f"{path}: {name or key}: expected `ros__parameters:` below it")


def _dotted(pairs: _Pairs, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in pairs:
        if isinstance(value, _Pairs):
            yield from _dotted(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
