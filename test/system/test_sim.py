"""The simulation as processes: everything the mocks give, and scenes that repeat."""

import os
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from contracts import topic_contracts, velocity_limits
from contracts.listener import CAMERAS, Listener
from contracts.recording import Recording, nanoseconds
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
                    _enough_is_heard, STARTUP_S, "a moving simulation", alive=processes.deaths
                )
                yield listener
            finally:
                processes.stop()
    assert [(end.name, end.status) for end in processes.ended if end.status] == []
    remove_orphans(all_segments() - segments_before)


def at_rest(recording: Recording) -> bool:
    states = recording.of(topics.JOINT_STATES.name)[-10:]
    return all(abs(value) < 1e-2 for state in states for value in state.velocity)


def _enough_is_heard(recording: Recording) -> bool:
    infos = [topics.CAMERA_INFO.of_camera(camera).name for camera in CAMERAS]
    return (
        topic_contracts.enough_is_recorded(recording)
        and recording.last(topics.SCENE_TRUTH.name) is not None
        and all(recording.of(name) for name in infos)
    )


def test_arm_and_cameras_keep_the_contracts_of_the_mocks(simulation: Listener) -> None:
    topic_contracts.check_cameras(simulation.recording)
    topic_contracts.check_joint_states(simulation.recording)
    topic_contracts.check_trajectories(simulation.recording)
    velocity_limits.check_commands(simulation.recording)
    states = simulation.recording.of(topics.JOINT_STATES.name)
    way = np.ptp([list(state.position) for state in states], axis=0)
    assert way.max() > 0.02, f"hardly moved, {way} rad: nothing was proved"


def test_every_picture_has_its_camera(simulation: Listener) -> None:
    for camera in CAMERAS:
        pictures = simulation.recording.pictures[topics.CAMERA_RAW.of_camera(camera).name]
        infos = simulation.recording.of(topics.CAMERA_INFO.of_camera(camera).name)
        assert {info.header.frame_id for info in infos} == {pictures[0].frame_id}
        common = {picture.stamp_ns for picture in pictures} & {
            nanoseconds(info.header.stamp) for info in infos
        }
        # Both are best effort, and the first may come before the other is discovered.
        assert len(common) > 0.8 * len(pictures)


def test_the_same_seed_puts_the_same_scene(simulation: Listener) -> None:
    # No block is put under the tool: scenes of a seed are equal where the arm is in the same place.
    assert simulation.call(topics.HOLD).success
    simulation.until(at_rest, 10.0, "the arm at rest")
    scenes = []
    for seed in (5, 6, 5):
        before = simulation.recording.last(topics.SCENE_TRUTH.name).episode
        answer = simulation.call(topics.RESET_SCENE, seed=seed)
        assert answer.success, answer.message
        recording = simulation.until(
            lambda heard, before=before: heard.last(topics.SCENE_TRUTH.name).episode == before + 1,
            10.0,
            "the truth about the new scene",
        )
        truth = recording.last(topics.SCENE_TRUTH.name)
        assert truth.instruction == answer.instruction
        poses = [[p.position.x, p.position.y, p.orientation.w] for p in truth.poses]
        scenes.append((truth.target, truth.instruction, poses))
    assert scenes[0][:2] == scenes[2][:2]
    np.testing.assert_allclose(scenes[0][2], scenes[2][2], atol=1e-3)
    assert np.abs(np.subtract(scenes[0][2], scenes[1][2])).max() > 0.01
