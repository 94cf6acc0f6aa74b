"""Limits from several places: of each number the tighter one, and where it came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from pi0_ros.core.arrays import frozen
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.joint_limits_form import (
    KINDS,
    JointLimitsForm,
    jerk_limit,
    why_not_written,
    written_limit,
)
from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.urdf_limits import UrdfJoint

_FORM = "joint_limits"
_URDF = "urdf"


@dataclass(frozen=True, slots=True)
class _Number:
    value: float
    source: str

    def __str__(self) -> str:
        return f"{float(f'{self.value:.6g}')} ({self.source})"


@dataclass(frozen=True, slots=True)
class SourcedLimits:
    """Limits and what they were made of.

    Attributes:
        limits: the tighter of each number.
        account: for each joint a sentence with every number and its source.
    """

    limits: ArmLimits
    account: tuple[str, ...]


def combined_limits(
    joint_names: Sequence[str],
    joint_limits: JointLimitsForm,
    urdf: Mapping[str, UrdfJoint] | None,
) -> SourcedLimits:
    """The tighter of both sources for each number; where they agree, `joint_limits` is the source.

    Args:
        joint_limits: joint name -> `has_position_limits`, `min_position` and so on; with a URDF it
            may leave out what that gives.
        urdf: every one of `joint_names`, or None where there is no URDF.

    Raises:
        ConfigurationError: a number is in neither source, or they contradict each other.
    """
    rows: list[dict[str, _Number]] = []
    account: list[str] = []
    jerks: list[float] = []
    for joint in joint_names:
        other = None if urdf is None else urdf[joint]
        row = {key: _number(joint, key, joint_limits, other) for key in KINDS}
        lower, upper = row["min_position"], row["max_position"]
        if urdf is not None and not lower.value < upper.value:
            raise ConfigurationError(
                f"limits of {joint}: min_position {lower} must be below max_position {upper}"
            )
        rows.append(row)
        unit = "rad" if other is None else other.unit
        sentence = (
            f"{joint}: position {lower} to {upper}, velocity {_with_unit(row, 'velocity', unit)}, "
            f"acceleration {_with_unit(row, 'acceleration', unit)}"
        )
        # A URDF has none.
        jerks.append(jerk_limit(joint_limits, joint))
        if jerks[-1] < inf:
            sentence += f", jerk {float(f'{jerks[-1]:.6g}')} {unit}/s3 ({_FORM})"
        account.append(sentence)
    columns = {key: frozen([row[key].value for row in rows]) for key in KINDS}
    limits = ArmLimits(
        joint_names=tuple(joint_names),
        lower=columns["min_position"],
        upper=columns["max_position"],
        velocity=columns["max_velocity"],
        acceleration=columns["max_acceleration"],
        jerk=frozen(jerks),
    )
    return SourcedLimits(limits, tuple(account))


def require_what_no_urdf_gives(joint_names: Sequence[str], joint_limits: JointLimitsForm) -> None:
    """Checks `joint_limits` as far as that is possible before the URDF is there.

    Raises:
        ConfigurationError: a number is not one, or an acceleration is missing.
    """
    for joint in joint_names:
        jerk_limit(joint_limits, joint)
        for key in KINDS:
            written = written_limit(joint_limits, joint, key)
            if key == "max_acceleration" and written is None:
                raise ConfigurationError(_in_neither(joint, key, joint_limits))


def _number(joint: str, key: str, joint_limits: JointLimitsForm, urdf: UrdfJoint | None) -> _Number:
    candidates = []
    written = written_limit(joint_limits, joint, key)
    if written is not None:
        candidates.append(_Number(written, _FORM))
    if urdf is not None and (given := urdf.limit(key)) is not None:
        candidates.append(_Number(given, _URDF))
    if not candidates:
        raise ConfigurationError(
            why_not_written(joint_limits, joint, key)
            if urdf is None
            else _in_neither(joint, key, joint_limits)
        )
    tighter = max if key == "min_position" else min
    # The first of equals, which is the form's.
    return tighter(candidates, key=lambda number: number.value)


def _in_neither(joint: str, key: str, joint_limits: JointLimitsForm) -> str:
    return (
        f"{joint}: {key} is neither in joint_limits nor in the URDF: "
        f"{why_not_written(joint_limits, joint, key)}"
    )


def _with_unit(row: Mapping[str, _Number], kind: str, unit: str) -> str:
    number = row[f"max_{kind}"]
    per = "/s" if kind == "velocity" else "/s2"
    return f"{float(f'{number.value:.6g}')} {unit}{per} ({number.source})"
