"""What an observation consists of."""

from dataclasses import dataclass

from pi0_ros.core.arrays import require_unique_names
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.stamps import FUTURE_TOLERANCE_NS, NS_PER_S


@dataclass(frozen=True, slots=True)
class ObservationConfig:
    """What an observation consists of and how fresh it must be.

    Attributes:
        cameras: camera names in the policy's order.
        joint_names: joints in the policy's order.
        image_shape: (height, width) of every picture.
        camera_max_age_s: a picture older than this is stale.
        joint_max_age_s: a joint state older than this is stale, and one farther from the pictures'
            capture time does not go with them.
        camera_frozen_after_s: identical pictures of a camera are a fault once the arm has moved for
            so long meanwhile; 0 for never.
        instruction_max_bytes: longest instruction in UTF-8.
        slowest_clock: see StampedStream; below 1 for simulated time only.
    """

    cameras: tuple[str, ...]
    joint_names: tuple[str, ...]
    image_shape: tuple[int, int] = (480, 640)
    camera_max_age_s: float = 0.15
    joint_max_age_s: float = 0.08
    camera_frozen_after_s: float = 0.6
    instruction_max_bytes: int = 512
    slowest_clock: float = 1.0

    def __post_init__(self) -> None:
        require_unique_names(self.cameras, "camera_names")
        require_unique_names(self.joint_names, "joint_names")
        for name in ("camera_max_age_s", "joint_max_age_s"):
            if not getattr(self, name) > 0.0:
                raise ConfigurationError(f"{name} must be above 0 s, got {getattr(self, name)}")
        if not 0.0 <= self.camera_frozen_after_s < float("inf"):
            raise ConfigurationError(
                f"camera_frozen_after must be 0 s (never) or more, got {self.camera_frozen_after_s}"
            )

    @property
    def joint_history_s(self) -> float:
        """How long joint states can still be those of a picture.

        That is as old as its camera allows, while the newest joint state may be stamped a little
        in the future.
        """
        return self.camera_max_age_s + self.joint_max_age_s + FUTURE_TOLERANCE_NS / NS_PER_S
