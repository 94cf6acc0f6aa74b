"""What a checkpoint's config.json says of the robot it is for, read without LeRobot."""

import json
from dataclasses import dataclass
from pathlib import Path

from pi0_ros.core.errors import CheckpointError
from pi0_ros.policy.manifest import CONFIG_FILE

_STATE = "observation.state"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    Attributes:
        camera_features: camera -> input feature, in the checkpoint's order.
        joints: values of a state.
        image_shape: height and width of every picture.
    """

    camera_features: dict[str, str]
    joints: int
    image_shape: tuple[int, int]


def read_surroundings(folder: Path) -> Surroundings:
    """
    Raises:
        CheckpointError: not a LeRobot checkpoint of a policy that sees pictures of one size.
    """
    path = folder / CONFIG_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        features = content["input_features"]
        blank = tuple(f".empty_camera_{i}" for i in range(content.get("empty_cameras") or 0))
        pictures = {
            key: tuple(feature["shape"])
            for key, feature in features.items()
            if feature["type"] == "VISUAL" and not key.endswith(blank or ("\0",))
        }
        (joints,) = features[_STATE]["shape"]
        shapes = {(height, width) for _, height, width in pictures.values()}
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{path}: no such file; --policy-path wants the folder of a LeRobot checkpoint"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{path}: not the configuration of a LeRobot policy with pictures and a state "
            f"({error!r})"
        ) from error
    if len(shapes) != 1:
        raise CheckpointError(
            f"{path}: expected pictures of one size, got {sorted(shapes) or 'no pictures'}"
        )
    names = {key.rsplit(".", 1)[-1]: key for key in pictures}
    if len(names) != len(pictures):
        raise CheckpointError(
            f"{path}: two pictures would have the same name: {', '.join(pictures)}"
        )
    return Surroundings(names, int(joints), next(iter(shapes)))
