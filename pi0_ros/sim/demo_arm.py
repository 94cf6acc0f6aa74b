"""The demo arm: six revolute joints on a table, its limits, and where its parts are.

Frame: origin on the table under the base, x forward, y left, z up, metres. At zero every link
points straight up. Joints, in order: base yaw (about z), shoulder pitch, elbow pitch (about y,
positive leans forward), forearm roll, wrist pitch, wrist roll (about the tool).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pi0_ros.core.arrays import FloatArray, frozen
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.limits import ArmLimits

JOINT_NAMES = ("joint_1", "joint_2", "joint_3", "joint_4", "joint_5", "joint_6")

SHOULDER_HEIGHT_M = 0.16
UPPER_ARM_M = 0.26
FOREARM_M = 0.24
TOOL_M = 0.12

# config/demo_arm.yaml carries the same numbers for the nodes; a test keeps the two equal.
LIMITS = ArmLimits(
    joint_names=JOINT_NAMES,
    lower=frozen([-2.8, -1.2, -0.3, -2.6, -1.2, -3.0]),
    upper=frozen([2.8, 1.6, 2.6, 2.6, 2.2, 3.0]),
    velocity=frozen([1.5, 1.5, 1.8, 2.0, 2.2, 2.5]),
    acceleration=frozen([5.0, 5.0, 6.0, 7.0, 7.5, 8.0]),
)

HOME = frozen([0.0, -0.35, 1.75, 0.0, 1.40, 0.0])


@dataclass(frozen=True, slots=True, eq=False)
class ArmPose:
    """Where the arm's parts are, in the base frame.

    Attributes:
        shoulder, elbow, wrist, tip: points in m, shape (..., 3).
        forearm_axes: rotation after the forearm roll, columns are axes, shape (..., 3, 3).
        tool_axes: rotation of the tool, its z towards the tip, shape (..., 3, 3).
    """

    shoulder: FloatArray
    elbow: FloatArray
    wrist: FloatArray
    tip: FloatArray
    forearm_axes: FloatArray
    tool_axes: FloatArray


def forward(positions: ArrayLike) -> ArmPose:
    """Forward kinematics.

    Args:
        positions: joint positions in rad, shape (..., 6).
    """
    q = np.asarray(positions, dtype=np.float64)
    if q.shape[-1:] != (len(JOINT_NAMES),):
        raise ConfigurationError(f"demo arm: expected 6 joint positions, got shape {q.shape}")
    upper_arm = _about_z(q[..., 0]) @ _about_y(q[..., 1])
    forearm = upper_arm @ _about_y(q[..., 2])
    rolled = forearm @ _about_z(q[..., 3])
    wrist = rolled @ _about_y(q[..., 4])
    tool = wrist @ _about_z(q[..., 5])
    shoulder_at = np.broadcast_to(np.array([0.0, 0.0, SHOULDER_HEIGHT_M]), (*q.shape[:-1], 3))
    elbow_at = shoulder_at + UPPER_ARM_M * upper_arm[..., :, 2]
    wrist_at = elbow_at + FOREARM_M * forearm[..., :, 2]
    tip_at = wrist_at + TOOL_M * tool[..., :, 2]
    return ArmPose(shoulder_at, elbow_at, wrist_at, tip_at, rolled, tool)


def pointing_down(tip: ArrayLike) -> FloatArray:
    """Joint positions that bring the tip to a point with the tool straight down, elbow up.

    Args:
        tip: point in m, shape (3,).

    Returns:
        Positions in rad, shape (6,), forearm and wrist roll 0.

    Raises:
        ConfigurationError: the point is out of reach.
    """
    x, y, z = (float(value) for value in np.asarray(tip, dtype=np.float64))
    radius = float(np.hypot(x, y))
    rise = z + TOOL_M - SHOULDER_HEIGHT_M
    squared = radius * radius + rise * rise
    # Law of cosines in the vertical plane of the arm.
    cosine = (squared - UPPER_ARM_M**2 - FOREARM_M**2) / (2.0 * UPPER_ARM_M * FOREARM_M)
    if not -1.0 <= cosine <= 1.0:
        raise ConfigurationError(
            f"demo arm: tip at ({x:.3f}, {y:.3f}, {z:.3f}) m is out of reach with the tool down"
        )
    elbow = float(np.arccos(cosine))
    inner = float(np.arctan2(FOREARM_M * np.sin(elbow), UPPER_ARM_M + FOREARM_M * np.cos(elbow)))
    shoulder = float(np.arctan2(radius, rise)) - inner
    return frozen([np.arctan2(y, x), shoulder, elbow, 0.0, np.pi - shoulder - elbow, 0.0])


def _about_z(angle: FloatArray) -> FloatArray:
    matrix = np.zeros((*np.shape(angle), 3, 3))
    cosine, sine = np.cos(angle), np.sin(angle)
    matrix[..., 0, 0] = matrix[..., 1, 1] = cosine
    matrix[..., 0, 1] = -sine
    matrix[..., 1, 0] = sine
    matrix[..., 2, 2] = 1.0
    return matrix


def _about_y(angle: FloatArray) -> FloatArray:
    matrix = np.zeros((*np.shape(angle), 3, 3))
    cosine, sine = np.cos(angle), np.sin(angle)
    matrix[..., 0, 0] = matrix[..., 2, 2] = cosine
    matrix[..., 0, 2] = sine
    matrix[..., 2, 0] = -sine
    matrix[..., 1, 1] = 1.0
    return matrix
