"""What a recorded frame consists of, in LeRobot's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np
from lerobot.utils.constants import ACTION, OBS_STATE

from pi0_ros.core.arrays import FloatArray, require_unique_names
from pi0_ros.core.errors import ConfigurationError, DatasetError
from pi0_ros.core.observation import Observation
from pi0_ros.policy.input_features import input_features, joint_feature

Pictures = Literal["video", "png"]

_PICTURE_AXES = ("height", "width", "channels")


@dataclass(frozen=True, slots=True)
class DatasetLayout:
    """The same for every frame of a dataset.

    Attributes:
        fps: frames per second; a chunk's rows are 1/fps apart when it is learned from.
        camera_features: camera -> input feature, one to one; the mapping that inference has.
        joint_names: in the order of state and action.
        image_shape: height and width of every picture.
        pictures: "video" is small and loses a little, "png" keeps every pixel.
        robot: what the arm is, for people.

    Raises:
        ConfigurationError: a value cannot work; the message names the parameter.
    """

    fps: int
    camera_features: Mapping[str, str]
    joint_names: tuple[str, ...]
    image_shape: tuple[int, int] = (480, 640)
    pictures: Pictures = "video"
    robot: str | None = None

    def __post_init__(self) -> None:
        if not (isinstance(self.fps, int) and 1 <= self.fps <= 200):
            raise ConfigurationError(f"fps: expected a whole number 1 to 200, got {self.fps!r}")
        if self.pictures not in get_args(Pictures):
            raise ConfigurationError(f"pictures: expected video or png, got {self.pictures!r}")
        cameras = require_unique_names(self.camera_features, "cameras")
        features = {camera: self.camera_features[camera] for camera in cameras}
        for feature in require_unique_names(features.values(), "cameras.<name>.feature"):
            if "image" not in feature or "/" in feature or feature in (OBS_STATE, ACTION):
                raise ConfigurationError(
                    f"cameras.<name>.feature: {feature!r} must contain 'image' and no '/', or "
                    "LeRobot does not take it for a picture"
                )
        object.__setattr__(self, "camera_features", MappingProxyType(features))
        require_unique_names(self.joint_names, "joint_names")
        height, width = self.image_shape
        # Video encoders halve the resolution of colour.
        if height < 2 or width < 2 or (self.pictures == "video" and (height % 2 or width % 2)):
            raise ConfigurationError(
                f"image size: {width}x{height}; as video it must be even in both directions: set "
                "pictures to png or change the cameras"
            )

    def features(self) -> dict[str, dict[str, Any]]:
        """Feature -> type, shape and names, as LeRobotDataset.create takes them."""
        joints = {
            "dtype": "float32",
            "shape": (len(self.joint_names),),
            "names": list(self.joint_names),
        }
        picture = {
            "dtype": "video" if self.pictures == "video" else "image",
            "shape": (*self.image_shape, 3),
            "names": list(_PICTURE_AXES),
        }
        return {
            **{feature: dict(picture) for feature in self.camera_features.values()},
            OBS_STATE: dict(joints),
            ACTION: dict(joints),
        }

    def frame(self, observation: Observation, command: FloatArray) -> dict[str, Any]:
        """What `LeRobotDataset.add_frame` takes; the observation as a policy takes it.

        Args:
            command: joint positions commanded at the observation's capture time, shape (joints,),
                rad or m.

        Raises:
            DatasetError: cameras, shapes or values are not those of this layout.
        """
        self._check(observation, command)
        return {
            **input_features(
                (
                    (feature, observation.images[camera])
                    for camera, feature in self.camera_features.items()
                ),
                observation.positions,
            ),
            ACTION: joint_feature(command),
            "task": observation.instruction,
        }

    def check_same(self, fps: int, features: Mapping[str, Mapping[str, Any]], where: str) -> None:
        """Whether a dataset that is there can be gone on with.

        Args:
            features: as they stand in its info.json, LeRobot's own columns left out or not.

        Raises:
            DatasetError: names the first difference.
        """
        if fps != self.fps:
            raise DatasetError(f"{where}: was recorded at {fps} fps, not {self.fps}: set fps to it")
        wanted = self.features()
        for feature, want in wanted.items():
            have = features.get(feature)
            if have is None:
                raise DatasetError(f"{where}: has no feature {feature!r}, which is to be recorded")
            for key in ("dtype", "shape", "names"):
                if _listed(have.get(key)) != _listed(want[key]):
                    raise DatasetError(
                        f"{where}: {feature} has {key} {_listed(have.get(key))}, but "
                        f"{_listed(want[key])} is to be recorded: record into another folder"
                    )
        more = sorted(name for name in features if "." in name and name not in wanted)
        if more:
            raise DatasetError(f"{where}: has {', '.join(more)} too, which nothing here records")

    def _check(self, observation: Observation, command: FloatArray) -> None:
        if set(observation.images) != set(self.camera_features):
            raise DatasetError(
                f"frame: has the cameras {', '.join(observation.images)}, expected "
                f"{', '.join(self.camera_features)}"
            )
        for camera, picture in observation.images.items():
            if picture.dtype != np.uint8 or picture.shape != (*self.image_shape, 3):
                raise DatasetError(
                    f"frame: camera {camera}: expected uint8 {(*self.image_shape, 3)}, got "
                    f"{picture.dtype} {picture.shape}"
                )
        for what, values in (("positions", observation.positions), ("command", command)):
            if values.shape != (len(self.joint_names),) or not np.isfinite(values).all():
                raise DatasetError(
                    f"frame: {what}: expected {len(self.joint_names)} finite values, got "
                    f"{values.tolist()}"
                )
        if not observation.instruction:
            raise DatasetError("frame: no instruction; publish one on the topic instruction")


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value
