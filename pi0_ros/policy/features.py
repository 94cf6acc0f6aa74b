"""Whether a checkpoint's inputs and outputs are the robot's."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from pi0_ros.core.errors import CheckpointError
from pi0_ros.policy.manifest import CONFIG_FILE
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.stated_config import ACTION, STATE


class Shaped(Protocol):
    """One input or output."""

    @property
    def shape(self) -> tuple[int, ...]: ...


class Trained(Protocol):
    """A policy's configuration: LeRobot's own, or what config.json states."""

    @property
    def input_features(self) -> Mapping[str, Shaped] | None: ...

    @property
    def image_features(self) -> Mapping[str, Shaped]: ...

    @property
    def robot_state_feature(self) -> Shaped | None: ...

    @property
    def action_feature(self) -> Shaped | None: ...


def camera_order(folder: Path, checkpoint: Trained, config: PolicyConfig) -> tuple[str, ...]:
    """Camera names in the order in which the checkpoint takes them.

    Raises:
        CheckpointError: cameras, picture sizes or joints do not fit; the message lists both sides
            and names the parameter to change.
    """
    for misfit in misfits(folder, checkpoint, config):
        raise CheckpointError(misfit)
    fed = _cameras_by_feature(config)
    return tuple(fed[key] for key in trained_pictures(checkpoint))


def misfits(folder: Path, checkpoint: Trained, config: PolicyConfig) -> Iterator[str]:
    """A sentence for each thing in which checkpoint and robot differ."""
    for found in (_of_joints(checkpoint, config), _of_cameras(checkpoint, config)):
        yield from (f"{folder / CONFIG_FILE}: {misfit}" for misfit in found)


def trained_pictures(checkpoint: Trained) -> tuple[str, ...]:
    """The pictures that the checkpoint was trained with, in the order in which it takes them."""
    return tuple(
        key for key in checkpoint.image_features if not _is_blank_on_purpose(checkpoint, key)
    )


def _is_blank_on_purpose(checkpoint: Trained, key: str) -> bool:
    """`empty_cameras`, which some of LeRobot's policies have: blank in training, too."""
    blanks = range(getattr(checkpoint, "empty_cameras", 0))
    return any(key.endswith(f".empty_camera_{i}") for i in blanks)


def _cameras_by_feature(config: PolicyConfig) -> dict[str, str]:
    return {feature: camera for camera, feature in config.camera_features.items()}


def _of_cameras(checkpoint: Trained, config: PolicyConfig) -> Iterator[str]:
    needed, fed = trained_pictures(checkpoint), _cameras_by_feature(config)
    if set(fed) != set(needed):
        yield (
            f"the checkpoint takes the pictures {_listed(needed)}, but the cameras feed "
            f"{_listed(f'{name} -> {key}' for key, name in fed.items())}; each must be fed by "
            "exactly one camera: set the parameters camera_names and cameras.<name>.feature"
        )
    for key in needed:
        misfit = _of_picture(key, checkpoint, fed[key], config) if key in fed else None
        if misfit is not None:
            yield misfit


def _of_picture(key: str, checkpoint: Trained, camera: str, config: PolicyConfig) -> str | None:
    shape = tuple(checkpoint.image_features[key].shape)
    height, width = config.image_shape
    if "image" not in key:
        return (
            f"LeRobot takes {key!r} for something other than a picture: its name must contain "
            "'image'"
        )
    if len(shape) != 3 or shape[0] != 3:
        return f"{key} has shape {list(shape)}; expected RGB pictures as [3, height, width]"
    if shape[1:] != (height, width) and not config.allow_image_resize:
        return (
            f"{key} was trained with pictures of {shape[2]}x{shape[1]}, but camera {camera!r} "
            f"gives {width}x{height} (parameters image_width and image_height): set the camera to "
            "that size, or the parameter allow_image_resize to true"
        )
    return None


def _of_joints(checkpoint: Trained, config: PolicyConfig) -> Iterator[str]:
    state, action = checkpoint.robot_state_feature, checkpoint.action_feature
    for key, feature in ((STATE, state), (ACTION, action)):
        shape = None if feature is None else list(feature.shape)
        if shape != [config.joints]:
            yield (
                f"{key} has shape {shape}, but the robot has {config.joints} joints (parameter "
                "joint_names)"
            )
    others = set(checkpoint.input_features or {}) - set(checkpoint.image_features) - {STATE}
    if others:
        yield (f"the checkpoint also takes {_listed(sorted(others))}, which nothing here provides")


def _listed(names: object) -> str:
    return ", ".join(str(name) for name in names) or "none"  # type: ignore[attr-defined]
