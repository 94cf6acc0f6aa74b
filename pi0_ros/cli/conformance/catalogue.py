"""Every case there is; those that are started alike follow each other."""

from pi0_ros.cli.conformance import (
    camera_cases,
    clock_cases,
    joint_cases,
    policy_cases,
    process_cases,
    request_cases,
)
from pi0_ros.cli.conformance.case import STANDARD, Case

_ALL = (
    *camera_cases.CASES,
    *joint_cases.CASES,
    *policy_cases.CASES,
    *process_cases.CASES,
    *request_cases.CASES,
    *clock_cases.CASES,
)
CASES: tuple[Case, ...] = tuple(
    sorted(_ALL, key=lambda case: (case.setting is not STANDARD, case.spends))
)


def named(name: str) -> Case:
    """
    Raises:
        KeyError: there is no such case.
    """
    return {case.name: case for case in CASES}[name]
