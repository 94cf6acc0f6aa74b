"""What a robot's parameter file means to a recording: what it means to the nodes that run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pi0_ros.bringup.robot_file import dotted_parameters
from pi0_ros.core.control_config import CommandInterface
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.observation_config import ObservationConfig
from pi0_ros.policy.dataset.layout import DatasetLayout, Pictures
from pi0_ros.policy.policy_config import default_feature
from pi0_ros.policy.remote.remote_config import is_remote
from pi0_ros.ros.arm_parameters import CONTROLLER
from pi0_ros.ros.parameter import Value
from pi0_ros.ros.parameter_check import checked_parameters, checked_value
from pi0_ros.ros.policy_parameters import POLICY
from pi0_ros.ros.policy_settings import observation_config, transports


@dataclass(frozen=True, slots=True)
class RecordingSettings:
    """Where frames come from.

    Attributes:
        observation: as the policy node has it.
        transports: camera -> "raw" or "compressed".
        camera_features: camera -> input feature, as at inference.
        command_interface: as the controller has it; says which topic carries the commands.
        tracking_tolerance_rad: a frame whose arm is farther from its command is refused.
        fps: frames per second.
        instruction: the task until one comes on the topic; empty: wait for the topic.
    """

    observation: ObservationConfig
    transports: Mapping[str, str]
    camera_features: Mapping[str, str]
    command_interface: CommandInterface
    tracking_tolerance_rad: float
    fps: int
    instruction: str = ""

    def __post_init__(self) -> None:
        for name in ("transports", "camera_features"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def layout(self, pictures: Pictures, robot: str | None) -> DatasetLayout:
        return DatasetLayout(
            fps=self.fps,
            camera_features=self.camera_features,
            joint_names=self.observation.joint_names,
            image_shape=self.observation.image_shape,
            pictures=pictures,
            robot=robot,
        )


def recording_settings(file: Path, namespace: str, fps: int) -> RecordingSettings:
    """What the file says to the policy node and to the controller.

    Args:
        namespace: of the nodes; empty for none.

    Raises:
        ConfigurationError: a value cannot work; the message names the parameter.
    """
    values = checked_parameters(POLICY, dotted_parameters(file, namespace, "pi0_policy")).require()
    controller = dotted_parameters(file, namespace, "pi0_controller")
    cameras = values.texts("camera_names")
    if is_remote(values.text("policy_path")):
        # Then they are names in a server's messages.
        features = {camera: default_feature(camera) for camera in cameras}
    else:
        features = {
            camera: values.text(f"cameras.{camera}.feature") or default_feature(camera)
            for camera in cameras
        }
    interface = _of_controller(controller, "command_interface")
    tolerance = _of_controller(controller, "tracking_tolerance")
    assert isinstance(tolerance, float)
    return RecordingSettings(
        observation=observation_config(values),
        transports=transports(values),
        camera_features=features,
        command_interface=interface,  # type: ignore[arg-type]  # one of its choices
        tracking_tolerance_rad=tolerance,
        fps=fps,
        instruction=values.text("instruction"),
    )


def _of_controller(given: Mapping[str, Any], name: str) -> Value:
    """A value of the controller's, whose limits are no business of a recording."""
    parameter = next(entry for entry in CONTROLLER if entry.name == name)
    if name in given:
        return checked_value(name, parameter, given[name])
    if parameter.default is None:
        raise ConfigurationError(f"{name} is missing: set it in the robot's parameter file")
    return parameter.default
