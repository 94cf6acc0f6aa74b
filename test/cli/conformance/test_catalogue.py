"""The cases and the documents agree, and every fault that a mock knows is tried."""

import inspect
from pathlib import Path

import pytest

from pi0_ros.cli.conformance import (
    camera_cases,
    joint_cases,
    policy_cases,
)
from pi0_ros.cli.conformance.catalogue import CASES, named
from pi0_ros.ros.fault_parameter import ARM_FAULTS, CAMERA_FAULTS, POLICY_FAULTS

SAFETY = Path(__file__).parents[3] / "docs" / "safety.md"


def test_every_case_has_a_name_of_its_own() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert named("camera_frozen").reaction.startswith("LATCHED")


def written() -> dict[str, tuple[str, str, float]]:
    """Case -> fault, reaction and deadline in s, as the table of faults has them."""
    found, fault = {}, ""
    for line in SAFETY.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) != 5 or not cells[1].startswith("`"):
            continue
        # An empty cell goes on with the fault above.
        fault = cells[0] or fault
        amount, unit = cells[4].split()
        found[cells[1].strip("`")] = (
            fault.casefold(),
            cells[2],
            float(amount) * {"s": 1.0, "ms": 1e-3}[unit],
        )
    return found


def test_the_table_of_faults_promises_what_the_cases_check() -> None:
    promised = {case.name: (case.fault.casefold(), case.reaction) for case in CASES}
    assert {name: row[:2] for name, row in written().items()} == promised
    for case in CASES:
        # The table has whole milliseconds.
        assert written()[case.name][2] == pytest.approx(case.deadline_s, abs=0.5e-3), case.name


def test_every_fault_of_every_mock_is_part_of_a_case() -> None:
    for module, faults in (
        (camera_cases, CAMERA_FAULTS),
        (joint_cases, ARM_FAULTS),
        (policy_cases, POLICY_FAULTS),
    ):
        text = inspect.getsource(module)
        assert [fault for fault in faults if f'"{fault}' not in text] == []


def test_cases_that_start_alike_follow_each_other() -> None:
    settings = [id(case.setting) for case in CASES]
    runs = [s for s, before in zip(settings, [None, *settings], strict=False) if s != before]
    assert runs[0] == settings[0]
    assert runs.count(settings[0]) == 1
