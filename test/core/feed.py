"""An observation builder that is fed by hand."""

import numpy as np
import pytest

from pi0_ros.core.errors import InputRefused
from pi0_ros.core.observation_builder import ObservationBuilder
from pi0_ros.core.observation_config import ObservationConfig

MS = 1_000_000
NOW = 1_000_000 * MS
NAMES = ("joint_1", "joint_2")
CONFIG = ObservationConfig(cameras=("main", "side"), joint_names=NAMES, image_shape=(2, 3))


class Feed:
    """A builder and shorthands; times in ms, ROS time and steady time in step unless bent.

    Attributes:
        position: of the newest joint state.
    """

    def __init__(self, config: ObservationConfig = CONFIG) -> None:
        self.builder = ObservationBuilder(config)
        self.steady_lag_ms = 0.0
        self.position: tuple[float, ...] = ()

    def clocks(self, at_ms: float) -> tuple[int, int]:
        return NOW + round(at_ms * MS), round((at_ms + self.steady_lag_ms) * MS)

    def image(self, camera: str, stamp_ms: float, at_ms: float | None = None, shade: int = 0):
        pixels = np.full((2, 3, 3), shade, dtype=np.uint8)
        clocks = self.clocks(stamp_ms if at_ms is None else at_ms)
        self.builder.add_image(camera, NOW + round(stamp_ms * MS), pixels, *clocks)

    def joints(self, stamp_ms: float, *values: float, at_ms: float | None = None, names=NAMES):
        clocks = self.clocks(stamp_ms if at_ms is None else at_ms)
        self.builder.add_joint_state(NOW + round(stamp_ms * MS), names, values, *clocks)
        self.position = values

    def all_at(self, at_ms: float) -> None:
        for camera in CONFIG.cameras:
            self.image(camera, at_ms)
        self.joints(at_ms, 0.0, 0.0)

    def build(self, at_ms: float):
        return self.builder.build(*self.clocks(at_ms))

    def problems(self, at_ms: float) -> tuple[str, ...]:
        return self.builder.problems(*self.clocks(at_ms))


def refusal(call, *arguments, **named) -> str:
    """The kind of refusal that a call ends in."""
    with pytest.raises(InputRefused) as caught:
        call(*arguments, **named)
    return caught.value.kind
