"""What `sim` gives beyond the topics of the mocks: cameras' geometry, its clock, its scenes."""

import itertools

import numpy as np

from contracts import topic_contracts
from contracts.listener import CAMERAS, Listener
from contracts.recording import Recording, nanoseconds
from pi0_ros.ros import topics

_CLOCK_NS = 5_000_000
_DEADLINE_S = 10.0


def enough_is_recorded(recording: Recording) -> bool:
    """Whether there is something to judge: the arm moves, and every topic of `sim` was heard."""
    infos = [topics.CAMERA_INFO.of_camera(camera).name for camera in CAMERAS]
    return (
        topic_contracts.enough_is_recorded(recording)
        and recording.last(topics.SCENE_TRUTH.name) is not None
        and all(recording.of(name) for name in infos)
    )


def check_camera_infos(recording: Recording) -> None:
    """Each picture has a camera_info of its stamp, frame and size, an ideal pinhole."""
    for camera in CAMERAS:
        pictures = recording.pictures[topics.CAMERA_RAW.of_camera(camera).name]
        infos = recording.of(topics.CAMERA_INFO.of_camera(camera).name)
        assert {info.header.frame_id for info in infos} == {pictures[0].frame_id}
        for info in infos:
            assert (info.width, info.height) == (pictures[0].width, pictures[0].height)
            assert info.k[0] == info.k[4] > 0.0
            assert not any(info.d)
        common = {picture.stamp_ns for picture in pictures} & {
            nanoseconds(info.header.stamp) for info in infos
        }
        # Both are best effort, and the first may come before the other is discovered.
        assert len(common) > 0.8 * len(pictures)


def check_clock(recording: Recording) -> None:
    """Rises in small steps, and joint states and commands are stamped with its time."""
    times = [nanoseconds(message.clock) for message in recording.of(topics.CLOCK.name)]
    steps = np.diff(times)
    assert steps.min() > 0, f"/clock does not rise: a step of {steps.min()} ns"
    assert np.median(steps) < 2 * _CLOCK_NS, f"/clock steps by {np.median(steps) / 1e6:.1f} ms"
    for topic in (topics.JOINT_STATES.name, topics.JOINT_TRAJECTORY.name):
        stamps = [nanoseconds(message.header.stamp) for message in recording.of(topic)]
        # Messages of two topics come in no order: a clock of another epoch is meant.
        assert times[0] - 1e9 < min(stamps), topic
        assert max(stamps) < times[-1] + 1e9, topic


def check_scene_truth(recording: Recording) -> None:
    """Names what is asked for, where each block is, and the episode."""
    for truth in recording.of(topics.SCENE_TRUTH.name):
        assert truth.header.frame_id == "world"
        assert truth.target in truth.blocks
        assert truth.target in truth.instruction
        assert len(truth.poses) == len(truth.blocks)
        assert set(truth.touched) <= set(truth.blocks)
    episodes = [truth.episode for truth in recording.of(topics.SCENE_TRUTH.name)]
    assert all(after >= before for before, after in itertools.pairwise(episodes))


def check_reset(listener: Listener) -> None:
    """The same seed puts the same scene; the arm is held, and stays in HOLD, for that.

    No block is put under the tool: scenes of a seed are equal where the arm is in the same place.
    """
    assert listener.call(topics.HOLD).success
    listener.until(_at_rest, _DEADLINE_S, "the arm at rest")
    scenes = []
    for seed in (5, 6, 5):
        before = listener.recording.last(topics.SCENE_TRUTH.name).episode
        answer = listener.call(topics.RESET_SCENE, seed=seed)
        assert answer.success, answer.message
        recording = listener.until(
            lambda heard, before=before: heard.last(topics.SCENE_TRUTH.name).episode == before + 1,
            _DEADLINE_S,
            "the truth about the new scene",
        )
        truth = recording.last(topics.SCENE_TRUTH.name)
        assert (truth.seed, truth.instruction) == (seed, answer.instruction)
        poses = [[p.position.x, p.position.y, p.orientation.w] for p in truth.poses]
        scenes.append((truth.target, truth.instruction, poses))
    assert scenes[0][:2] == scenes[2][:2]
    np.testing.assert_allclose(scenes[0][2], scenes[2][2], atol=1e-3)
    assert np.abs(np.subtract(scenes[0][2], scenes[1][2])).max() > 0.01


def _at_rest(recording: Recording) -> bool:
    states = recording.of(topics.JOINT_STATES.name)[-10:]
    return all(abs(value) < 1e-2 for state in states for value in state.velocity)
