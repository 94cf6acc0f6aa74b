"""Message definitions as a bag carries them, from the files that the packages install."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ament_index_python.packages import get_package_share_directory

_BETWEEN = "\n" + 80 * "=" + "\n"


@dataclass(frozen=True, slots=True)
class Definition:
    """What a reader without the package needs to decode a message.

    Attributes:
        text: the .msg file, and behind it those of all types it consists of.
        type_hash: "RIHS01_...", by which two sides of a topic compare their types.
    """

    text: str
    type_hash: str


@cache
def definition(type_name: str) -> Definition:
    """The definition of "<package>/msg/<Type>".

    The generator leaves a description beside each .msg file, which lists every type below it and
    the hashes that are compiled into the type support.
    """
    described = json.loads(_installed(type_name, "json").read_text(encoding="utf-8"))
    below = [
        entry["type_name"]
        for entry in described["type_description_msg"]["referenced_type_descriptions"]
    ]
    parts = [_text(type_name)]
    for name in below:
        package, _, kind = name.split("/")
        parts.append(f"MSG: {package}/{kind}\n{_text(name)}")
    hashes = {entry["type_name"]: entry["hash_string"] for entry in described["type_hashes"]}
    return Definition(_BETWEEN.join(parts), hashes[type_name])


def _text(type_name: str) -> str:
    return _installed(type_name, "msg").read_text(encoding="utf-8")


def _installed(type_name: str, suffix: str) -> Path:
    package, folder, name = type_name.split("/")
    return Path(get_package_share_directory(package)) / folder / f"{name}.{suffix}"
