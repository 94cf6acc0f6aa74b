"""The contracts themselves: each passes on a good recording and fails on one fault."""

import copy
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from builtin_interfaces.msg import Duration, Time
from pi0_ros.msg import ActionChunk
from sensor_msgs.msg import JointState
from std_msgs.msg import Header
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from contracts import topic_contracts, velocity_limits
from contracts.listener import CAMERAS
from contracts.recording import Picture, Recording
from pi0_ros.ros import topics

START_NS = 1_000_000_000_000
TICK_NS = 20_000_000
TICKS = 110
WIDTH = 0.1  # rad


def time(nanoseconds: int) -> Time:
    return Time(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)


def duration(nanoseconds: int) -> Duration:
    return Duration(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)


def swing(time_ns: int, width: float = WIDTH) -> float:
    """There and back, smoothly from rest to rest."""
    phase = (time_ns - START_NS) / (TICKS * TICK_NS)
    return width * float(np.sin(np.pi * np.clip(phase, 0.0, 1.0)) ** 4)


def trajectory(tick: int) -> JointTrajectory:
    """The whole rest of the swing, as a controller that plans it all would send."""
    ticks = range(tick, TICKS + 1)
    return JointTrajectory(
        header=Header(stamp=time(START_NS + tick * TICK_NS)),
        joint_names=list(topic_contracts.JOINTS),
        points=[
            JointTrajectoryPoint(
                positions=[swing(START_NS + point * TICK_NS) * 3.0] * 6,
                time_from_start=duration((point - tick) * TICK_NS),
            )
            for point in ticks
        ],
    )


def joint_state(number: int) -> JointState:
    now_ns = START_NS + number * 10_000_000
    before_ns = now_ns - 10_000_000
    position, before = 3.0 * swing(now_ns), 3.0 * swing(before_ns)
    return JointState(
        header=Header(stamp=time(now_ns)),
        name=list(topic_contracts.JOINTS),
        position=[position] * 6,
        velocity=[(position - before) / 0.01] * 6,
    )


def picture(camera: str, number: int) -> Picture:
    stamp_ns = START_NS + number * 33_333_333
    return Picture(stamp_ns, f"camera_{camera}", "rgb8", 480, 640, 1920, 480 * 1920)


def chunk(number: int) -> ActionChunk:
    return ActionChunk(
        header=Header(stamp=time(START_NS + 4 * number * 33_333_333)),
        joint_names=list(topic_contracts.JOINTS),
        step=duration(33_333_333),
        horizon=50,
        values=[0.0] * 300,
        sequence=number,
        epoch=1,
        instruction="circle",
        policy_id="demo/pi0_tiny-0123456789ab",
        inference_time=duration(50_000_000),
    )


GOOD = Recording(
    pictures={
        topics.CAMERA_RAW.of_camera(camera).name: [picture(camera, n) for n in range(150)]
        for camera in CAMERAS
    },
    messages={
        topics.JOINT_TRAJECTORY.name: [trajectory(tick) for tick in range(TICKS - 1)],
        topics.JOINT_STATES.name: [joint_state(number) for number in range(500)],
        topics.ACTION_CHUNK.name: [chunk(number) for number in range(1, 30)],
    },
)
MAIN = topics.CAMERA_RAW.of_camera("main").name


def changed(change: Callable[[Recording], Any]) -> Recording:
    recording = copy.deepcopy(GOOD)
    change(recording)
    return recording


def test_the_good_recording_is_good() -> None:
    topic_contracts.check_cameras(GOOD)
    topic_contracts.check_joint_states(GOOD)
    topic_contracts.check_chunks(GOOD)
    velocity_limits.check_commands(GOOD)
    for joint in topic_contracts.JOINTS:
        velocity_limits.check_command_speed_of(joint, GOOD)
        velocity_limits.check_measured_speed_of(joint, GOOD)


def faster(joint: int, factor: float) -> Callable[[Recording], None]:
    def change(recording: Recording) -> None:
        for message in recording.of(topics.JOINT_TRAJECTORY.name):
            for point in message.points:
                point.positions[joint] *= factor
        for state in recording.of(topics.JOINT_STATES.name):
            state.position[joint] *= factor
            state.velocity[joint] *= factor

    return change


def test_joint_6_too_fast_is_found_by_every_check() -> None:
    recording = changed(faster(5, 6.0))
    for check in (
        lambda: velocity_limits.check_commands(recording),
        lambda: velocity_limits.check_command_speed_of("joint_6", recording),
        lambda: velocity_limits.check_measured_speed_of("joint_6", recording),
    ):
        with pytest.raises(AssertionError, match="joint_6"):
            check()
    velocity_limits.check_command_speed_of("joint_5", recording)


def test_a_joint_that_never_moved_proves_nothing() -> None:
    recording = changed(faster(5, 0.0))
    with pytest.raises(AssertionError, match="joint_6 hardly moved"):
        velocity_limits.check_command_speed_of("joint_6", recording)
    with pytest.raises(AssertionError, match="joint_6 hardly moved"):
        velocity_limits.check_measured_speed_of("joint_6", recording)


def every_second(recording: Recording) -> None:
    recording.pictures[MAIN] = recording.pictures[MAIN][::2]


def one_frame_id(recording: Recording) -> None:
    recording.pictures[MAIN] = [picture("side", number) for number in range(150)]


def one_stamp_repeated(recording: Recording) -> None:
    recording.pictures[MAIN][7] = recording.pictures[MAIN][6]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (every_second, "15.0 Hz by its stamps, expected 30.0 Hz"),
        (one_frame_id, "share frame ids"),
        (one_stamp_repeated, "stamps do not rise"),
    ],
)
def test_faults_of_cameras_are_found(change: Callable[[Recording], None], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        topic_contracts.check_cameras(changed(change))


def test_a_chunk_whose_stamp_is_of_no_picture_is_found() -> None:
    def change(recording: Recording) -> None:
        recording.of(topics.ACTION_CHUNK.name)[3].header.stamp.nanosec += 5

    with pytest.raises(AssertionError, match="not the capture time of any picture"):
        topic_contracts.check_chunks(changed(change))


def test_a_lost_chunk_is_found() -> None:
    def change(recording: Recording) -> None:
        del recording.of(topics.ACTION_CHUNK.name)[3]

    with pytest.raises(AssertionError):
        topic_contracts.check_chunks(changed(change))


def test_a_trajectory_off_the_grid_is_found() -> None:
    stamps = [START_NS + tick * TICK_NS for tick in range(3)]
    assert {after - before for before, after in pairwise(stamps)} == {TICK_NS}

    def change(recording: Recording) -> None:
        recording.of(topics.JOINT_TRAJECTORY.name)[1].header.stamp.nanosec += 1

    with pytest.raises(AssertionError, match="off the grid by"):
        topic_contracts.check_trajectories(changed(change))
