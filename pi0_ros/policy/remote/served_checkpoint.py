"""What a checkpoint's config.json says of the robot it is for, read without LeRobot."""

from dataclasses import dataclass
from pathlib import Path

from pi0_ros.core.errors import CheckpointError
from pi0_ros.policy.features import trained_pictures
from pi0_ros.policy.manifest import CONFIG_FILE
from pi0_ros.policy.stated_config import STATE, read_stated_config


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
    if not path.is_file():
        raise CheckpointError(
            f"{path}: no such file; --policy-path wants the folder of a LeRobot checkpoint"
        )
    stated = read_stated_config(folder)
    state = stated.robot_state_feature
    if state is None or len(state.shape) != 1:
        raise CheckpointError(f"{path}: expected a state of joint positions, {STATE}, got {state}")
    pictures = trained_pictures(stated)
    shapes = {stated.image_features[key].shape[1:] for key in pictures}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2:
        raise CheckpointError(
            f"{path}: expected pictures of one size, got {sorted(shapes) or 'no pictures'}"
        )
    height, width = next(iter(shapes))
    names = {key.rsplit(".", 1)[-1]: key for key in pictures}
    if len(names) != len(pictures):
        raise CheckpointError(
            f"{path}: two pictures would have the same name: {', '.join(pictures)}"
        )
    return Surroundings(names, state.shape[0], (height, width))
