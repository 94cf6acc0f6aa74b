"""The simulation as processes: everything the mocks give, and scenes that repeat."""

import os
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from contracts import simulation_contracts, topic_contracts, velocity_limits
from contracts.listener import Listener
from system.harness import STARTUP_S, all_segments, remove_orphans

from pi0_ros.bringup import SIM
from pi0_ros.cli.demo.processes import Processes
from pi0_ros.cli.domain import reserve_domain
from pi0_ros.ros import topics


@pytest.fixture(scope="module")
def simulation(isolated: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    """A scripted policy moves the simulated arm; two seconds of it were heard."""
    folder = tmp_path_factory.mktemp("sim")
    # The scripted policy needs no model, so that this takes seconds.
    specs = [
        replace(spec, executable="stub_policy_node") if spec.name == "pi0_policy" else spec
        for spec in SIM.nodes({})
    ]
    segments_before = all_segments()
    with reserve_domain() as domain:
        environment = os.environ | {"ROS_DOMAIN_ID": str(domain.domain)}
        with Listener(domain.domain) as listener:
            processes = Processes(specs, environment, folder)
            try:
                listener.until(
                    simulation_contracts.enough_is_recorded,
                    STARTUP_S,
                    "a moving simulation",
                    alive=processes.deaths,
                )
                yield listener
            finally:
                processes.stop()
    assert [(end.name, end.status) for end in processes.ended if end.status] == []
    remove_orphans(all_segments() - segments_before)


def test_arm_and_cameras_keep_the_contracts_of_the_mocks(simulation: Listener) -> None:
    topic_contracts.check_cameras(simulation.recording)
    topic_contracts.check_joint_states(simulation.recording)
    topic_contracts.check_trajectories(simulation.recording)
    velocity_limits.check_commands(simulation.recording)
    states = simulation.recording.of(topics.JOINT_STATES.name)
    way = np.ptp([list(state.position) for state in states], axis=0)
    assert way.max() > 0.02, f"hardly moved, {way} rad: nothing was proved"


def test_every_picture_has_its_camera(simulation: Listener) -> None:
    simulation_contracts.check_camera_infos(simulation.recording)


def test_the_truth_names_what_is_asked_for(simulation: Listener) -> None:
    simulation_contracts.check_scene_truth(simulation.recording)


def test_the_same_seed_puts_the_same_scene(simulation: Listener) -> None:
    simulation_contracts.check_reset(simulation)
