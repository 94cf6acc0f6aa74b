"""A JointTrajectory as those take it who check it themselves."""

from trajectory_msgs.msg import JointTrajectory

from pi0_ros.ros.conversions import nanoseconds
from pi0_ros.sim.arm_command import UncheckedTrajectory


def heard_trajectory(message: JointTrajectory) -> UncheckedTrajectory:
    points = message.points
    return UncheckedTrajectory(
        start_ns=nanoseconds(message.header.stamp),
        joint_names=message.joint_names,
        times_from_start_ns=[nanoseconds(point.time_from_start) for point in points],
        positions=[point.positions for point in points],
        velocities=[point.velocities for point in points],
        accelerations=[point.accelerations for point in points],
    )
