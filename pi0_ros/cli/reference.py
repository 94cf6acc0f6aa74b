"""The tables of topics, services, parameters and messages, made from what the nodes declare.

They stand in README.md and docs/interfaces.md between pairs of markers, which a test compares with
what is made here:

    <!-- reference:topics -->
    …
    <!-- /reference -->
"""

import argparse
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from pi0_ros.cli.message_fields import Field, fields_of, parts_of
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.ros.parameter import Parameter, Value
from pi0_ros.ros.parameters import EXTRA, NODES
from pi0_ros.ros.qos import Qos
from pi0_ros.ros.topics import SERVICES, TOPICS
from pi0_ros.share import share_directory

DESCRIPTION = "Print the tables of topics, services, parameters and messages as Markdown."
EXAMPLES = """\
examples:
  pi0 reference                             all tables
  pi0 reference parameters:mock_arm         one of them
  pi0 reference --write docs/interfaces.md  put them between the markers of a document"""

MESSAGES = ("ActionChunk", "InjectedFault", "PolicyStatus", "SafetyReport", "SceneTruth")
SERVICE_TYPES = ("ResetScene",)
_PARAMETERS = {**NODES, **EXTRA}
_MARKED = re.compile(
    r"(?P<open><!-- reference:(?P<table>\S+) -->\n).*?(?P<close><!-- /reference -->)", re.DOTALL
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "table", nargs="?", choices=sorted(TABLES), help="only this table", metavar="TABLE"
    )
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="rewrite the tables between FILE's markers"
    )


def run(arguments: argparse.Namespace) -> int:
    if arguments.write is not None:
        try:
            text = arguments.write.read_text()
        except OSError as error:
            raise ConfigurationError(f"--write: {error}") from error
        arguments.write.write_text(filled(text))
        return 0
    for name in [arguments.table] if arguments.table else TABLES:
        print(f"{TABLES[name]()}\n")
    return 0


def filled(document: str) -> str:
    """`document` with the table between each pair of markers made anew.

    Raises:
        ConfigurationError: a marker names a table that does not exist.
    """

    def table(match: re.Match[str]) -> str:
        name = match["table"]
        if name not in TABLES:
            raise ConfigurationError(f"no table {name}: expected one of {', '.join(TABLES)}")
        return f"{match['open']}{TABLES[name]()}\n{match['close']}"

    return _MARKED.sub(table, document)


def _topics() -> str:
    return _markdown(
        ("Topic", "Type", "QoS", "From", "To", "What"),
        (
            (
                f"`{topic.name}`",
                _short_type(topic.type),
                _qos(topic.published),
                _ends(topic.publishers, topic.sim == "publishes"),
                _ends(topic.subscribers, topic.sim == "subscribes"),
                _text(topic.description),
            )
            for topic in TOPICS
        ),
    )


def _ends(nodes: tuple[str, ...], or_sim: bool) -> str:
    """The nodes at one end; the simulation takes the place of the last of them."""
    if or_sim:
        return f"{', '.join(nodes)} or sim" if nodes else "sim"
    return ", ".join(nodes) or "you"


def _services() -> str:
    return _markdown(
        ("Service", "Type", "Node", "What"),
        (
            (f"`{service.name}`", _short_type(service.type), service.server, service.description)
            for service in SERVICES
        ),
    )


def _parameters(node: str) -> str:
    return _markdown(
        ("Parameter", "Type", "Default", "Unit", "Allowed", "What"),
        (
            (
                f"`{parameter.name}`",
                parameter.type.replace("[]", "[&nbsp;]"),
                _default(parameter),
                parameter.unit,
                _allowed(parameter),
                _text(parameter.description),
            )
            for parameter in _PARAMETERS[node]
        ),
    )


def _message(name: str) -> str:
    text = (share_directory() / "msg" / f"{name}.msg").read_text()
    return _markdown(("Field", "Type", "What"), map(_field, fields_of(text)))


def _service_type(name: str) -> str:
    text = (share_directory() / "srv" / f"{name}.srv").read_text()
    return _markdown(
        ("", "Field", "Type", "What"),
        (
            (side, *_field(field))
            for side, part in zip(("request", "answer"), parts_of(text), strict=True)
            for field in fields_of(part)
        ),
    )


def _field(field: Field) -> tuple[str, str, str]:
    value = f" = {field.value}" if field.value else ""
    return f"`{field.name}`{value}", field.type, _text(field.text)


def _text(plain: str) -> str:
    """`plain` for a table's cell, where <camera> would be taken for a tag."""
    return plain.replace("<", "&lt;")


def _short_type(full: str) -> str:
    package, _, name = full.split("/")
    return f"{package}/{name}"


def _qos(qos: Qos) -> str:
    durability = "" if qos.durability == "volatile" else f", {qos.durability}"
    return f"{qos.reliability}, depth {qos.depth}{durability}"


def _default(parameter: Parameter) -> str:
    if parameter.default is None:
        return "**required**" if parameter.required else "none"
    return f"`{_yaml(parameter.default)}`"


def _yaml(value: Value) -> str:
    match value:
        case bool():
            return str(value).lower()
        case tuple():
            return "[" + ", ".join(_yaml(item) for item in value) + "]"
        case str():
            return value or '""'
        case _:
            return f"{value}"


def _allowed(parameter: Parameter) -> str:
    if parameter.choices:
        return ", ".join(f"`{_yaml(choice)}`" for choice in parameter.choices)
    if parameter.range is not None:
        return f"{parameter.range.low:g} to {parameter.range.high:g}"
    return ""


def _markdown(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


TABLES: Mapping[str, Callable[[], str]] = {
    "topics": _topics,
    "services": _services,
    **{f"parameters:{node}": partial(_parameters, node) for node in _PARAMETERS},
    **{f"message:{name}": partial(_message, name) for name in MESSAGES},
    **{f"service:{name}": partial(_service_type, name) for name in SERVICE_TYPES},
}
