"""Joint limits: where they come from and what they must look like."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pi0_ros.core.arrays import FloatArray, frozen, require_unique_names
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.joint_limits_form import (
    KINDS,
    JointLimitsForm,
    jerk_limit,
    required_limit,
)


@dataclass(frozen=True, slots=True, eq=False)
class ArmLimits:
    """Limits of every joint; there are no defaults.

    Attributes:
        joint_names: distinct names, in the order of all arrays.
        lower, upper: position limits, shape (joints,), rad or m, lower < upper.
        velocity: largest |velocity|, shape (joints,), rad/s or m/s, > 0.
        acceleration: largest |acceleration|, shape (joints,), rad/s2 or m/s2, > 0.
        jerk: largest |jerk|, shape (joints,), rad/s3 or m/s3, > 0; infinite where there is no
            such limit, which alone is optional.
    """

    joint_names: tuple[str, ...]
    lower: FloatArray
    upper: FloatArray
    velocity: FloatArray
    acceleration: FloatArray
    jerk: FloatArray = field(default_factory=lambda: frozen(np.inf))

    def __post_init__(self) -> None:
        names = require_unique_names(self.joint_names, "joint_names")
        object.__setattr__(self, "joint_names", names)
        for what in ("lower", "upper", "velocity", "acceleration"):
            array = frozen(getattr(self, what))
            if array.shape != (len(names),) or not bool(np.all(np.isfinite(array))):
                raise ConfigurationError(
                    f"limits: {what} must be {len(names)} finite numbers, got {array.tolist()}"
                )
            object.__setattr__(self, what, array)
        # A single number, such as infinity by default, is meant for every joint.
        jerk = np.full(len(names), self.jerk) if np.ndim(self.jerk) == 0 else self.jerk
        object.__setattr__(self, "jerk", frozen(jerk))
        if self.jerk.shape != (len(names),):
            raise ConfigurationError(
                f"limits: jerk must be {len(names)} numbers, got {self.jerk.tolist()}"
            )
        for index, name in enumerate(names):
            if not self.lower[index] < self.upper[index]:
                raise ConfigurationError(
                    f"limits of {name}: min_position {self.lower[index]} must be below "
                    f"max_position {self.upper[index]}"
                )
            for what in ("velocity", "acceleration", "jerk"):
                array = getattr(self, what)
                if not array[index] > 0.0:
                    raise ConfigurationError(
                        f"limits of {name}: max_{what} must be above 0, got {array[index]}"
                    )

    @property
    def joints(self) -> int:
        return len(self.joint_names)

    def contains(self, other: "ArmLimits") -> bool:
        """Whether `other` has the same joints and no limit wider than these."""
        return self.joint_names == other.joint_names and bool(
            np.all(other.lower >= self.lower)
            and np.all(other.upper <= self.upper)
            and np.all(other.velocity <= self.velocity)
            and np.all(other.acceleration <= self.acceleration)
            and np.all(other.jerk <= self.jerk)
        )


def limits_from_joint_limits(
    joint_names: Sequence[str], joint_limits: JointLimitsForm
) -> ArmLimits:
    """Limits from the `joint_limits` form that MoveIt and ros2_control share.

    Args:
        joint_names: the joints of the arm, in order.
        joint_limits: joint name -> `has_position_limits`, `min_position`, `max_position`,
            `has_velocity_limits`, `max_velocity`, `has_acceleration_limits`, `max_acceleration`,
            and, optionally, `has_jerk_limits`, `max_jerk`.

    Raises:
        ConfigurationError: a joint or one of its limits is absent, switched off or not a number;
            the message names the key.
    """
    columns = {
        key: [required_limit(joint_limits, joint, key) for joint in joint_names] for key in KINDS
    }
    return ArmLimits(
        joint_names=tuple(joint_names),
        lower=frozen(columns["min_position"]),
        upper=frozen(columns["max_position"]),
        velocity=frozen(columns["max_velocity"]),
        acceleration=frozen(columns["max_acceleration"]),
        jerk=frozen([jerk_limit(joint_limits, joint) for joint in joint_names]),
    )
