"""A recording reads the robot's file as the nodes do."""

from pathlib import Path

import pytest

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.ros.recording_settings import recording_settings

FILE = """
/**:
  ros__parameters:
    joint_names: [a, b]
    joint_limits:
      a: {has_position_limits: true}
/arm/pi0_policy:
  ros__parameters:
    camera_names: [wrist, desk]
    image_width: 320
    image_height: 240
    camera_transport: compressed
    cameras:
      wrist:
        feature: observation.images.cam_0
      desk:
        transport: raw
pi0_policy:
  ros__parameters:
    instruction: fold it
/arm/pi0_controller:
  ros__parameters:
    command_interface: forward_position
    tracking_tolerance: 0.4
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "arm.yaml"
    path.write_text(FILE)
    return path


def test_cameras_joints_and_commands_are_those_of_the_nodes(file: Path) -> None:
    settings = recording_settings(file, "arm", 10)
    assert settings.observation.joint_names == ("a", "b")
    assert settings.observation.image_shape == (240, 320)
    assert settings.transports == {"wrist": "compressed", "desk": "raw"}
    assert settings.camera_features == {
        "wrist": "observation.images.cam_0",
        "desk": "observation.images.desk",
    }
    assert settings.command_interface == "forward_position"
    assert settings.tracking_tolerance_rad == 0.4
    layout = settings.layout("png", None)
    assert set(layout.features()) == {
        "observation.images.cam_0",
        "observation.images.desk",
        "observation.state",
        "action",
    }


def test_another_namespace_has_other_parameters(file: Path) -> None:
    settings = recording_settings(file, "", 10)
    assert settings.instruction == "fold it"
    assert settings.command_interface == "joint_trajectory"


def test_a_mistyped_camera_is_refused(file: Path) -> None:
    file.write_text(FILE.replace("desk:\n", "dask:\n"))
    with pytest.raises(ConfigurationError, match="dask"):
        recording_settings(file, "arm", 10)
    file.write_text(FILE.replace("forward_position", "by hand"))
    with pytest.raises(ConfigurationError, match="command_interface"):
        recording_settings(file, "arm", 10)
