"""The tables in the documents are those of the code."""

from pathlib import Path

import pytest

from pi0_ros.cli.message_fields import fields_of, parts_of
from pi0_ros.cli.reference import MESSAGES, SERVICE_TYPES, TABLES, filled
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.ros.parameters import EXTRA, NODES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DOCUMENTS = {"README.md": README, "docs/interfaces.md": (ROOT / "docs/interfaces.md").read_text()}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_tables_in_the_documents_are_those_of_the_code(name: str) -> None:
    assert filled(DOCUMENTS[name]) == DOCUMENTS[name], f"run: pi0 reference --write {name}"


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_in_one_document(table: str) -> None:
    assert sum(text.count(f"<!-- reference:{table} -->") for text in DOCUMENTS.values()) == 1


def test_a_changed_table_is_made_anew() -> None:
    spoilt = README.replace("| `joint_states` |", "| `joint_positions` |")
    assert spoilt != README
    assert filled(spoilt) == README


def test_an_unknown_table_is_named() -> None:
    with pytest.raises(ConfigurationError, match="no table nonsense"):
        filled("<!-- reference:nonsense -->\n\n<!-- /reference -->")


@pytest.mark.parametrize("message", MESSAGES)
def test_every_field_of_a_message_is_described(message: str) -> None:
    fields = list(fields_of((ROOT / "msg" / f"{message}.msg").read_text()))
    assert fields
    assert [field.name for field in fields if not field.text] == []


@pytest.mark.parametrize("service", SERVICE_TYPES)
def test_every_field_of_a_service_type_is_described(service: str) -> None:
    parts = [list(fields_of(part)) for part in parts_of((ROOT / f"srv/{service}.srv").read_text())]
    assert all(parts)
    assert [field.name for part in parts for field in part if not field.text] == []


def test_every_message_and_service_type_has_a_table() -> None:
    assert sorted(MESSAGES) == sorted(path.stem for path in (ROOT / "msg").iterdir())
    assert sorted(SERVICE_TYPES) == sorted(path.stem for path in (ROOT / "srv").iterdir())


@pytest.mark.parametrize("executable", [path.name for path in ROOT.glob("scripts/*_node")])
def test_the_parameters_of_every_executable_have_a_table(executable: str) -> None:
    name = executable.removesuffix("_node")
    assert {name, f"pi0_{name}"} & set(NODES) or executable in EXTRA


def test_a_comment_behind_a_field_describes_it_alone() -> None:
    first, second = fields_of("# Both.\nint32 a  # the first\nint32 b\n")
    assert (first.text, second.text) == ("Both. the first", "Both.")
