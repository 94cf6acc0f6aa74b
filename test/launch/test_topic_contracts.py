"""The topic contracts, checked against demo.launch.py. Run with launch_test."""

import sys
import unittest
from pathlib import Path

import launch_testing
from launch_testing.asserts import assertExitCodes

from launch import LaunchDescription

sys.path.insert(0, str(Path(__file__).parents[1]))

from contracts import topic_contracts
from contracts.launched import launched, listening_until


def generate_test_description() -> LaunchDescription:
    return launched("demo.launch.py")


class TestTopicContracts(unittest.TestCase):
    """While the demo runs."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.listener = listening_until(topic_contracts.enough_is_recorded, "a running demo")
        cls.recording = cls.listener.recording

    @classmethod
    def tearDownClass(cls) -> None:
        cls.listener.close()

    def test_names_types_and_qualities_of_service(self) -> None:
        topic_contracts.check_names_types_and_qualities(self.listener)

    def test_cameras_send_30_pictures_a_second_with_frames_of_their_own(self) -> None:
        topic_contracts.check_cameras(self.recording)

    def test_joint_states_come_100_times_a_second(self) -> None:
        topic_contracts.check_joint_states(self.recording)

    def test_chunks_carry_capture_stamps_and_their_policy(self) -> None:
        topic_contracts.check_chunks(self.recording)

    def test_trajectories_lie_on_the_tick_grid(self) -> None:
        topic_contracts.check_trajectories(self.recording)

    def test_no_stamp_is_from_the_future(self) -> None:
        now_ns = self.listener.node.get_clock().now().nanoseconds
        topic_contracts.check_nothing_is_from_the_future(self.recording, now_ns)

    def test_policy_status_says_running_in_mode_demo(self) -> None:
        topic_contracts.check_policy_status(self.recording)

    def test_safety_reports_say_run_and_none_is_missing(self) -> None:
        topic_contracts.check_safety_reports(self.recording)


@launch_testing.post_shutdown_test()
class TestProcesses(unittest.TestCase):
    """After the demo was told to end."""

    def test_every_node_ended_with_status_0(self, proc_info) -> None:
        assertExitCodes(proc_info, allowable_exit_codes=[0])
