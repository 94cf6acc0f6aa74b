"""The cases and the documents agree, and every fault that a mock knows is tried."""

import inspect
from pathlib import Path

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


def test_every_case_stands_in_the_table_of_faults() -> None:
    table = SAFETY.read_text(encoding="utf-8")
    assert [case.name for case in CASES if f"`{case.name}`" not in table] == []


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
