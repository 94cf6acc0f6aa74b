"""Small moments to record."""

import numpy as np

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.observation import Observation
from pi0_ros.policy.dataset.layout import DatasetLayout, Pictures

CAMERAS = {"main": "observation.images.main", "wrist": "observation.images.hand"}
JOINTS = ("a", "b", "c")
PICTURE = (32, 48)
FPS = 10


def make_layout(pictures: Pictures = "png", **changes: object) -> DatasetLayout:
    values: dict[str, object] = {
        "fps": FPS,
        "camera_features": CAMERAS,
        "joint_names": JOINTS,
        "image_shape": PICTURE,
        "pictures": pictures,
        "robot": "test arm",
    }
    return DatasetLayout(**{**values, **changes})  # type: ignore[arg-type]


def moment(number: int, instruction: str = "go") -> tuple[Observation, FloatArray]:
    """An observation and a command that no other number has."""
    rng = np.random.default_rng(number)
    observation = Observation(
        stamp_ns=number,
        images={camera: rng.integers(0, 256, (*PICTURE, 3), dtype=np.uint8) for camera in CAMERAS},
        positions=rng.normal(0.0, 1.0, len(JOINTS)),
        instruction=instruction,
    )
    return observation, rng.normal(0.0, 1.0, len(JOINTS))
