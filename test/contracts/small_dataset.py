"""A LeRobotDataset of small pictures, made in a second."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

import pi0_ros.policy  # noqa: F401  # Settles the environment before LeRobot is imported.

CAMERAS = ("main", "side")
JOINTS = ("joint_1", "joint_2", "joint_3")
PICTURE = (48, 64)
FPS = 10
TASKS = ("go to the red block", "go to the blue block")


def write_dataset(
    folder: Path,
    lengths: Sequence[int] = (12, 9, 12),
    joints: Sequence[str] = JOINTS,
    still: bool = False,
    videos: bool = False,
    cameras: Sequence[str] = CAMERAS,
) -> Path:
    """Episodes of noise to look at and a line to follow, of so many frames each.

    Args:
        still: the last joint never moves.
        videos: pictures are kept as videos.
    """
    from lerobot.datasets import LeRobotDataset

    positions = {"dtype": "float32", "shape": (len(joints),), "names": list(joints)}
    picture = {
        "dtype": "video" if videos else "image",
        "shape": (*PICTURE, 3),
        "names": ["height", "width", "channels"],
    }
    dataset = LeRobotDataset.create(
        "local/small",
        fps=FPS,
        root=folder,
        use_videos=videos,
        features={
            **{f"observation.images.{camera}": picture for camera in cameras},
            "observation.state": positions,
            "action": positions,
        },
    )
    rng = np.random.default_rng(5)
    for number, length in enumerate(lengths):
        state = rng.normal(0.0, 0.5, len(joints)).astype(np.float32)
        slope = rng.normal(0.0, 0.05, len(joints)).astype(np.float32)
        if still:
            state[-1] = slope[-1] = 0.0
        for _ in range(length):
            pictures = {
                f"observation.images.{camera}": rng.integers(0, 256, (*PICTURE, 3), dtype=np.uint8)
                for camera in cameras
            }
            dataset.add_frame(
                {
                    **pictures,
                    "observation.state": state,
                    "action": state + slope,
                    "task": TASKS[number % 2],
                }
            )
            state = state + slope
        dataset.save_episode()
    dataset.finalize()
    return folder
