"""launch_testing: every row of the table of faults in docs/safety.md, each in a launch of its own.

Run with `launch_test test/launch/test_faults.py`.
"""

import sys
import unittest
from pathlib import Path
from typing import Any

import launch_testing
import launch_testing.markers

sys.path.insert(0, str(Path(__file__).parents[1]))

from contracts.launched_faults import acted, fault_description

from launch import LaunchDescription
from pi0_ros.cli.conformance.case import Case
from pi0_ros.cli.conformance.catalogue import CASES
from pi0_ros.cli.conformance.ear import Ear

# Other programs on the machine delay processes.
_MARGIN = 5.0


@launch_testing.parametrize("name", [case.name for case in CASES])
@launch_testing.markers.keep_alive
def generate_test_description(name: str) -> tuple[LaunchDescription, dict[str, Any]]:
    return fault_description(name)


class TestFaults(unittest.TestCase):
    def test_the_promised_reaction_comes(
        self, case: Case, ear: Ear, proc_info: Any, proc_output: Any
    ) -> None:
        seconds = acted(case, ear, proc_info, proc_output)
        assert seconds <= _MARGIN * case.deadline_s
