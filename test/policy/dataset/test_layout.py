"""Frames that are no frames, and layouts that cannot work."""

from dataclasses import replace

import numpy as np
import pytest

from pi0_ros.core.errors import ConfigurationError, DatasetError

from .moments import CAMERAS, make_layout, moment


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"fps": 0}, "fps"),
        ({"fps": 10.0}, "fps"),
        ({"pictures": "gif"}, "pictures"),
        ({"camera_features": {}}, "cameras"),
        ({"camera_features": {"main": "observation.view"}}, r"cameras\.<name>\.feature"),
        ({"camera_features": {"a": "image", "b": "image"}}, r"cameras\.<name>\.feature"),
        ({"joint_names": ()}, "joint_names"),
        ({"image_shape": (33, 48), "pictures": "video"}, "image size"),
    ],
)
def test_what_cannot_be_recorded_is_said_before_recording(
    changes: dict[str, object], named: str
) -> None:
    with pytest.raises(ConfigurationError, match=named):
        make_layout(**changes)  # type: ignore[arg-type]


def test_a_frame_that_is_not_whole_is_refused() -> None:
    observation, command = moment(1)
    layout = make_layout()
    main_only = {"main": observation.images["main"]}
    small = {camera: np.zeros((2, 2, 3), dtype=np.uint8) for camera in CAMERAS}
    for bad, wrong, named in [
        (replace(observation, images=main_only), command, "cameras"),
        (replace(observation, images=small), command, "camera main"),
        (replace(observation, instruction=""), command, "instruction"),
        (replace(observation, positions=np.array([0.0, np.nan, 0.0])), command, "positions"),
        (observation, command[:2], "command"),
        (observation, command * np.inf, "command"),
    ]:
        with pytest.raises(DatasetError, match=named):
            layout.frame(bad, wrong)
