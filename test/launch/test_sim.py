"""The contracts of sim.launch.py on a clock of its own. Run with launch_test."""

import sys
import unittest
from pathlib import Path

import launch_testing
from launch_testing.asserts import assertExitCodes

from launch import LaunchDescription

sys.path.insert(0, str(Path(__file__).parents[1]))

from contracts import simulation_contracts, topic_contracts, velocity_limits
from contracts.launched import launched, listening_until


def generate_test_description() -> LaunchDescription:
    return launched("sim.launch.py", {"use_sim_time": "true"})


class TestSimulation(unittest.TestCase):
    """While the shipped checkpoint moves the arm."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.listener = listening_until(
            simulation_contracts.enough_is_recorded, "a moving simulation"
        )
        cls.recording = cls.listener.recording

    @classmethod
    def tearDownClass(cls) -> None:
        cls.listener.close()

    def test_arm_and_cameras_keep_the_contracts_of_the_mocks(self) -> None:
        topic_contracts.check_cameras(self.recording)
        topic_contracts.check_joint_states(self.recording)
        topic_contracts.check_trajectories(self.recording)
        velocity_limits.check_commands(self.recording)

    def test_every_picture_has_its_camera(self) -> None:
        simulation_contracts.check_camera_infos(self.recording)

    def test_everything_is_stamped_with_its_clock(self) -> None:
        simulation_contracts.check_clock(self.recording)

    def test_the_truth_names_what_is_asked_for(self) -> None:
        simulation_contracts.check_scene_truth(self.recording)

    def test_the_same_seed_puts_the_same_scene(self) -> None:
        simulation_contracts.check_reset(self.listener)


@launch_testing.post_shutdown_test()
class TestProcesses(unittest.TestCase):
    """After the simulation was told to end."""

    def test_every_node_ended_with_status_0(self, proc_info) -> None:
        assertExitCodes(proc_info, allowable_exit_codes=[0])
