"""An observation as LeRobot's features: the same for a policy's input and for a recorded frame."""

from collections.abc import Iterable

import numpy as np
from lerobot.utils.constants import OBS_STATE
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray


def joint_feature(positions: FloatArray) -> NDArray[np.float32]:
    """Joint positions as a state or an action, float32 of the same shape and unit.

    float32: an integer or double state would change the statistics' type in LeRobot.
    """
    return positions.astype(np.float32)


def input_features(
    pictures: Iterable[tuple[str, NDArray[np.uint8]]], positions: FloatArray
) -> dict[str, np.ndarray]:
    """Feature -> array; the dictionary is the caller's to change, the pictures are not.

    Args:
        pictures: feature and picture, uint8 RGB, shape (height, width, 3).
        positions: joint positions in the checkpoint's unit, shape (joints,).
    """
    # LeRobot makes tensors of the arrays, which must be contiguous and writable for that.
    values: dict[str, np.ndarray] = {
        feature: np.require(picture, requirements=["C", "W"]) for feature, picture in pictures
    }
    values[OBS_STATE] = joint_feature(positions)
    return values
