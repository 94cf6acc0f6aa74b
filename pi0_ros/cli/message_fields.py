"""The fields of .msg and .srv files with the comments above them."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """A field, or a constant where `value` is not empty; `text` is the comment about it."""

    name: str
    type: str
    value: str
    text: str


def parts_of(service: str) -> tuple[str, str]:
    """Request and answer of the .srv text `service`."""
    request, _, answer = service.partition("\n---\n")
    return request, answer


def fields_of(message: str) -> Iterator[Field]:
    """Fields of the .msg text `message`, in order.

    A comment above a field describes it and the fields right below it without one; a comment behind
    a field adds to that. Headings (`# ----`) and the message's own comment describe no field.
    """
    comment: list[str] = []
    described = False
    for raw in message.splitlines():
        line = raw.strip()
        if not line or line.startswith("# ----"):
            comment, described = [], False
        elif line.startswith("#"):
            if described:
                comment, described = [], False
            comment.append(line.lstrip("# "))
        else:
            declaration, _, behind = line.partition("#")
            kind, name, *_ = declaration.replace("=", " = ").split()
            _, _, value = declaration.partition("=")
            yield Field(name, kind, value.strip(), " ".join([*comment, behind.strip()]).strip())
            described = True
