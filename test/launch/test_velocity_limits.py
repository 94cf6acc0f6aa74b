"""The speed limits of all joints, checked against demo.launch.py. Run with launch_test."""

import sys
import unittest
from pathlib import Path

import launch_testing
from launch_testing.asserts import assertExitCodes

from launch import LaunchDescription

sys.path.insert(0, str(Path(__file__).parents[1]))

from contracts import velocity_limits
from contracts.launched import launched, listening_until
from contracts.topic_contracts import JOINTS


def generate_test_description() -> LaunchDescription:
    return launched("demo.launch.py")


class TestVelocityLimits(unittest.TestCase):
    """While the arm circles."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.listener = listening_until(velocity_limits.a_circle_is_recorded, "a whole circle")
        cls.circle = cls.listener.recording

    @classmethod
    def tearDownClass(cls) -> None:
        cls.listener.close()

    def test_no_command_breaks_a_limit_of_any_joint(self) -> None:
        velocity_limits.check_commands(self.circle)

    def test_joint_6_keeps_its_speed_limit(self) -> None:
        velocity_limits.check_command_speed_of("joint_6", self.circle)
        velocity_limits.check_measured_speed_of("joint_6", self.circle)

    def test_every_joint_keeps_its_speed_limit(self) -> None:
        for joint in JOINTS:
            with self.subTest(joint=joint):
                velocity_limits.check_command_speed_of(joint, self.circle)
                velocity_limits.check_measured_speed_of(joint, self.circle)

    def test_limits_in_force_are_those_of_the_parameter_file(self) -> None:
        velocity_limits.check_reported_limits(self.circle)


@launch_testing.post_shutdown_test()
class TestProcesses(unittest.TestCase):
    """After the demo was told to end."""

    def test_every_node_ended_with_status_0(self, proc_info) -> None:
        assertExitCodes(proc_info, allowable_exit_codes=[0])
