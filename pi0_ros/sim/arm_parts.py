"""The demo arm as a handful of tapered round parts, placed by its kinematics."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pi0_ros.core.arrays import FloatArray
from pi0_ros.sim.backdrop import PEDESTAL_HEIGHT_M
from pi0_ros.sim.demo_arm import ArmPose
from pi0_ros.sim.scene import Rgb

_SHELL: Rgb = (244, 243, 238)
_ROLLED_SHELL: Rgb = (214, 217, 218)
_MOTOR: Rgb = (62, 67, 76)
_ACCENT: Rgb = (250, 168, 30)
_FINGER: Rgb = (30, 164, 140)


@dataclass(frozen=True, slots=True)
class Part:
    """What a part looks like.

    Attributes:
        start_radius_m, end_radius_m: radius at either end.
        colour: RGB in full light.
        in_front_m: how much nearer than its middle it counts in the painter's order.
    """

    name: str
    start_radius_m: float
    end_radius_m: float
    colour: Rgb
    in_front_m: float = 0.0


PARTS: tuple[Part, ...] = (
    Part("turret", 0.056, 0.050, _SHELL),
    Part("shoulder", 0.047, 0.047, _MOTOR, 0.01),
    Part("upper arm", 0.042, 0.034, _SHELL),
    Part("elbow", 0.037, 0.037, _MOTOR, 0.01),
    Part("forearm", 0.032, 0.028, _SHELL),
    Part("rolled forearm", 0.027, 0.023, _ROLLED_SHELL),
    Part("wrist", 0.026, 0.026, _MOTOR, 0.01),
    Part("flange", 0.022, 0.020, _ROLLED_SHELL),
    Part("bar", 0.012, 0.012, _MOTOR, 0.005),
    Part("finger", 0.011, 0.008, _ACCENT, 0.01),
    Part("other finger", 0.011, 0.008, _FINGER, 0.01),
    Part("tip", 0.010, 0.010, _ACCENT, 0.015),
)


def part_ends(pose: ArmPose, base_yaw: float) -> FloatArray:
    """Where every part of PARTS starts and ends, shape (parts, 2, 3), m.

    Args:
        pose: of one moment, points of shape (3,).
        base_yaw: position of the first joint in rad; the axes of shoulder and elbow follow it.
    """
    pitch_axis = np.array([-np.sin(base_yaw), np.cos(base_yaw), 0.0])
    wrist_axis = pose.forearm_axes[:, 1]
    across, along = pose.tool_axes[:, 0], pose.tool_axes[:, 2]
    middle = 0.5 * (pose.elbow + pose.wrist)
    bar = pose.wrist + 0.066 * along
    ends: list[tuple[ArrayLike, ArrayLike]] = [
        ((0.0, 0.0, PEDESTAL_HEIGHT_M), pose.shoulder),
        (pose.shoulder - 0.050 * pitch_axis, pose.shoulder + 0.050 * pitch_axis),
        (pose.shoulder, pose.elbow),
        (pose.elbow - 0.042 * pitch_axis, pose.elbow + 0.042 * pitch_axis),
        (pose.elbow, middle),
        (middle, pose.wrist),
        (pose.wrist - 0.030 * wrist_axis, pose.wrist + 0.030 * wrist_axis),
        (pose.wrist, pose.wrist + 0.056 * along),
        (bar - 0.036 * across, bar + 0.036 * across),
        (bar + 0.036 * across, pose.tip + 0.012 * across),
        (bar - 0.036 * across, pose.tip - 0.012 * across),
        (pose.tip, pose.tip),
    ]
    return np.array(ends, dtype=np.float64)
