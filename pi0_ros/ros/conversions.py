"""Messages to what the core works with, and back. Nothing is repaired on the way."""

import array

import numpy as np
from builtin_interfaces.msg import Duration
from builtin_interfaces.msg import Time as TimeMessage
from sensor_msgs.msg import Image
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.chunk import ActionChunk
from pi0_ros.core.errors import InputRefused
from pi0_ros.core.images import RgbImage, rgb_from_raw
from pi0_ros.core.trajectory import Trajectory
from pi0_ros.msg import ActionChunk as ActionChunkMessage

_NS = 1_000_000_000


def nanoseconds(message: TimeMessage | Duration) -> int:
    """A time stamp or a duration in ns."""
    return int(message.sec) * _NS + int(message.nanosec)


def time_message(time_ns: int) -> TimeMessage:
    return TimeMessage(sec=time_ns // _NS, nanosec=time_ns % _NS)


def duration_message(duration_ns: int) -> Duration:
    return Duration(sec=duration_ns // _NS, nanosec=duration_ns % _NS)


def rgb_from_message(message: Image, expected_shape: tuple[int, int]) -> RgbImage:
    """The picture as uint8 RGB, shape (*expected_shape, 3); rgb8 is a view of the message.

    Raises:
        InputRefused: see `rgb_from_raw`.
    """
    return rgb_from_raw(
        message.encoding,
        message.height,
        message.width,
        message.step,
        message.data,
        expected_shape,
    )


def chunk_from_message(message: ActionChunkMessage) -> ActionChunk:
    """The chunk.

    Raises:
        InputRefused: kind "shape" or "step".
    """
    joints = len(message.joint_names)
    values = np.frombuffer(message.values, dtype=np.float64)
    if values.size != message.horizon * joints or values.size == 0:
        raise InputRefused(
            "shape",
            f"chunk: {values.size} values, expected horizon x joints = {message.horizon} x "
            f"{joints}, both above 0",
        )
    return ActionChunk(
        stamp_ns=nanoseconds(message.header.stamp),
        step_ns=nanoseconds(message.step),
        joint_names=tuple(message.joint_names),
        positions=values.reshape(message.horizon, joints),
        sequence=int(message.sequence),
        epoch=int(message.epoch),
    )


def chunk_message(
    chunk: ActionChunk, instruction: str, policy_id: str, inference_ns: int
) -> ActionChunkMessage:
    message = ActionChunkMessage()
    message.header.stamp = time_message(chunk.stamp_ns)
    message.joint_names = list(chunk.joint_names)
    message.step = duration_message(chunk.step_ns)
    message.horizon = chunk.horizon
    message.values = _doubles(chunk.positions)
    message.sequence = chunk.sequence
    message.epoch = chunk.epoch
    message.instruction = instruction
    message.policy_id = policy_id
    message.inference_time = duration_message(inference_ns)
    return message


def trajectory_message(trajectory: Trajectory, joint_names: tuple[str, ...]) -> JointTrajectory:
    """Positions only, which a joint_trajectory_controller joins by straight lines."""
    start_ns = int(trajectory.times_ns[0])
    message = JointTrajectory()
    message.header.stamp = time_message(start_ns)
    message.joint_names = list(joint_names)
    message.points = [
        JointTrajectoryPoint(
            positions=array.array("d", row), time_from_start=duration_message(time_ns - start_ns)
        )
        for time_ns, row in zip(
            trajectory.times_ns.tolist(), trajectory.positions.tolist(), strict=True
        )
    ]
    return message


def position_message(position: FloatArray) -> Float64MultiArray:
    return Float64MultiArray(data=_doubles(position))


def _doubles(values: FloatArray) -> "array.array[float]":
    """What a message takes without looking at each element."""
    return array.array("d", np.ascontiguousarray(values, dtype=np.float64).tobytes())
