"""No joint is told to move, or moves, beyond the limits in the robot's parameter file.

The commands are judged by an oracle that sees nothing but the messages and the file.
"""

import numpy as np

from contracts.recording import Recording, nanoseconds
from contracts.topic_contracts import enough_is_recorded
from pi0_ros.bringup.robot_file import find_robot_file, robot_limits
from pi0_ros.cli.demo.command_oracle import CommandOracle
from pi0_ros.core.limits import ArmLimits
from pi0_ros.ros import topics

_TICK_NS = 20_000_000
# What a joint must reach before its limit counts as tried: a share of it.
_MOVED = 0.05
# A first-order lag follows no faster than it is told; joint states carry differences of positions.
_MEASURED_TOLERANCE = 1.01
# The demo's circle takes four seconds; every joint has its fastest moment in it.
_CIRCLE_S = 4.5


def a_circle_is_recorded(recording: Recording) -> bool:
    """Whether the system runs and at least one whole circle was heard, by the stamps."""
    states = recording.of(topics.JOINT_STATES.name)
    if not enough_is_recorded(recording):
        return False
    # From the first chunk on: before it the arm stands still.
    chunk = recording.of(topics.ACTION_CHUNK.name)[0]
    moved_ns = nanoseconds(states[-1].header.stamp) - nanoseconds(chunk.header.stamp)
    return moved_ns >= _CIRCLE_S * 1e9


def demo_limits() -> ArmLimits:
    return robot_limits(find_robot_file("demo_arm.yaml"))


def judged(recording: Recording) -> CommandOracle:
    """The oracle after all commands of the recording, which may have begun in mid-motion."""
    oracle = CommandOracle(demo_limits(), _TICK_NS, from_rest=False)
    for message in recording.of(topics.JOINT_TRAJECTORY.name):
        start_ns = nanoseconds(message.header.stamp)
        times = [start_ns + nanoseconds(point.time_from_start) for point in message.points]
        oracle.add_trajectory(
            np.array(times, dtype=np.int64), np.array([point.positions for point in message.points])
        )
    return oracle


def check_commands(recording: Recording) -> None:
    """Position, velocity and acceleration of all joints, inside messages and across them."""
    assert len(recording.of(topics.JOINT_TRAJECTORY.name)) >= 100
    check_no_limit_is_broken(recording)


def check_no_limit_is_broken(recording: Recording) -> None:
    """As check_commands, however little was recorded."""
    oracle = judged(recording)
    assert oracle.messages > 0
    assert not oracle.violations, "\n".join(str(violation) for violation in oracle.violations)


def check_command_speed_of(joint: str, recording: Recording) -> None:
    """The joint was told to move, and never faster than its limit."""
    oracle = judged(recording)
    index = oracle.limits.joint_names.index(joint)
    peak, limit = float(oracle.peak_velocity[index]), float(oracle.limits.velocity[index])
    assert peak > _MOVED * limit, f"{joint} hardly moved ({peak:.4f} rad/s): nothing was proved"
    assert peak <= limit * (1.0 + 1e-6), f"{joint}: {peak:.6f} rad/s, limit {limit} rad/s"


def check_measured_speed_of(joint: str, recording: Recording) -> None:
    """The joint moved, and never faster than its limit, by two readings of the joint states."""
    limits = demo_limits()
    limit = float(limits.velocity[limits.joint_names.index(joint)])
    states = recording.of(topics.JOINT_STATES.name)
    column = list(states[0].name).index(joint)
    told = max(abs(state.velocity[column]) for state in states)
    times = np.array([nanoseconds(state.header.stamp) for state in states]) / 1e9
    positions = np.array([state.position[column] for state in states])
    differences = float(np.max(np.abs(np.diff(positions) / np.diff(times))))
    for peak in (told, differences):
        assert peak > _MOVED * limit, f"{joint} hardly moved ({peak:.4f} rad/s): nothing was proved"
        assert peak <= limit * _MEASURED_TOLERANCE, f"{joint}: {peak:.4f} of {limit} rad/s"


def check_reported_limits(recording: Recording) -> None:
    """The controller reports the limits of the parameter file as those in force."""
    limits = demo_limits()
    report = recording.last(topics.SAFETY_REPORT.name)
    assert report is not None
    assert tuple(report.joint_names) == limits.joint_names
    assert list(report.velocity_limit) == limits.velocity.tolist()
    assert list(report.acceleration_limit) == limits.acceleration.tolist()
    assert list(report.lower_limit) == limits.lower.tolist()
    assert list(report.upper_limit) == limits.upper.tolist()
