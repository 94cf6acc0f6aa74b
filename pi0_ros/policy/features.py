"""Whether a checkpoint's inputs and outputs are the robot's."""

from pathlib import Path

from lerobot.configs import PreTrainedConfig
from lerobot.utils.constants import ACTION, OBS_STATE

from pi0_ros.core.errors import CheckpointError
from pi0_ros.policy.manifest import CONFIG_FILE
from pi0_ros.policy.policy_config import PolicyConfig


def camera_order(
    folder: Path, checkpoint: PreTrainedConfig, config: PolicyConfig
) -> tuple[str, ...]:
    """Camera names in the order in which the checkpoint takes them.

    Raises:
        CheckpointError: cameras, picture sizes or joints do not fit; the message lists both sides
            and names the parameter to change.
    """
    _check_joints(folder, checkpoint, config)
    needed = trained_pictures(checkpoint)
    fed = {feature: camera for camera, feature in config.camera_features.items()}
    if set(fed) != set(needed):
        raise CheckpointError(
            f"{folder / CONFIG_FILE}: the checkpoint takes the pictures {_listed(needed)}, but the "
            f"cameras feed {_listed(f'{name} -> {key}' for key, name in fed.items())}; each must "
            "be fed by exactly one camera: set the parameters cameras.<name>.feature"
        )
    for key in needed:
        _check_picture(folder, checkpoint, config, key, fed[key])
    return tuple(fed[key] for key in needed)


def trained_pictures(checkpoint: PreTrainedConfig) -> tuple[str, ...]:
    """The pictures that the checkpoint was trained with, in the order in which it takes them."""
    return tuple(
        key for key in checkpoint.image_features if not _is_blank_on_purpose(checkpoint, key)
    )


def _is_blank_on_purpose(checkpoint: PreTrainedConfig, key: str) -> bool:
    """`empty_cameras`, which some of LeRobot's policies have: blank in training, too."""
    blanks = range(getattr(checkpoint, "empty_cameras", 0))
    return any(key.endswith(f".empty_camera_{i}") for i in blanks)


def _check_picture(
    folder: Path, checkpoint: PreTrainedConfig, config: PolicyConfig, key: str, camera: str
) -> None:
    if "image" not in key:
        raise CheckpointError(
            f"{folder / CONFIG_FILE}: LeRobot takes {key!r} for something other than a picture: "
            "its name must contain 'image'"
        )
    shape = tuple(checkpoint.image_features[key].shape)
    height, width = config.image_shape
    if len(shape) != 3 or shape[0] != 3:
        raise CheckpointError(
            f"{folder / CONFIG_FILE}: {key} has shape {list(shape)}; expected RGB pictures as "
            "[3, height, width]"
        )
    if shape[1:] != (height, width) and not config.allow_image_resize:
        raise CheckpointError(
            f"{folder / CONFIG_FILE}: {key} was trained with pictures of {shape[2]}x{shape[1]}, "
            f"but camera {camera!r} gives {width}x{height}: set the camera to that size, or the "
            "parameter allow_image_resize to true"
        )


def _check_joints(folder: Path, checkpoint: PreTrainedConfig, config: PolicyConfig) -> None:
    state, action = checkpoint.robot_state_feature, checkpoint.action_feature
    for key, feature in ((OBS_STATE, state), (ACTION, action)):
        shape = None if feature is None else list(feature.shape)
        if shape != [config.joints]:
            raise CheckpointError(
                f"{folder / CONFIG_FILE}: {key} has shape {shape}, but the robot has "
                f"{config.joints} joints (parameter joint_names)"
            )
    others = set(checkpoint.input_features or {}) - set(checkpoint.image_features) - {OBS_STATE}
    if others:
        raise CheckpointError(
            f"{folder / CONFIG_FILE}: the checkpoint also takes {_listed(sorted(others))}, which "
            "nothing here provides"
        )


def _listed(names: object) -> str:
    return ", ".join(str(name) for name in names) or "none"  # type: ignore[attr-defined]
