"""The controller's states, what it sends and what it reports."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.shadow import Divergence
from pi0_ros.core.trajectory import Trajectory


class ControlState(IntEnum):
    """Values of SafetyReport.state."""

    INACTIVE = 0
    RUN = 1
    HOLD = 2
    LATCHED = 3


@dataclass(frozen=True, slots=True, eq=False)
class Command:
    """What one tick sends.

    Attributes:
        trajectory: for a joint_trajectory_controller; starts now, ends at rest.
        position: for a forward position controller, shape (joints,), rad or m.
        state_changed: whether the state or its reason differs from the previous tick's.
        at_rest: whether an arm that has followed this is at rest, and nothing more is planned.
        repeats: whether it would only tell a latched arm once more where it rests. Who did not
            follow meanwhile stands elsewhere, and must not be sent there without a reset.
    """

    trajectory: Trajectory
    position: FloatArray
    state_changed: bool
    at_rest: bool
    repeats: bool


@dataclass(frozen=True, slots=True, eq=False)
class ControlReport:
    """What was sent and what was changed; the fields of SafetyReport, arrays in joint order.

    Attributes:
        position, velocity, acceleration: the newest planned command.
        peak_velocity, peak_acceleration: largest commanded magnitudes since activation.
        slow_down: of the chunk in play, speed scale included, >= 1.
        speed_scale: in force now, above 0, at most 1; part of slow_down and of limits.velocity.
        dry_run: nothing of this was sent.
        displacement: distance between what the chunk asks for and what is commanded.
        limited_ticks: ticks in which the limiter changed a joint's command.
        rejected: reason -> chunks.
        splice_error, splice_error_peak: largest joint's distance, before blending, between a chunk
            and the one it replaced, where it took over: the newest, the largest since activation.
        splice_errors: one for every chunk that replaced another since the previous report.
        divergence: between the policy and the arm; found in a dry run only.
        tick_periods_s, action_ages_s: one entry a tick since the previous report.
    """

    state: ControlState
    reason: str
    limits: ArmLimits
    position: FloatArray
    velocity: FloatArray
    acceleration: FloatArray
    peak_velocity: FloatArray
    peak_acceleration: FloatArray
    slow_down: float
    speed_scale: float
    dry_run: bool
    displacement: FloatArray
    limited_ticks: tuple[int, ...]
    chunks_accepted: int
    rejected: Mapping[str, int]
    chunk_sequence: int
    epoch: int
    splice_error: float
    splice_error_peak: float
    splice_errors: tuple[float, ...]
    divergence: Divergence
    tick_periods_s: tuple[float, ...]
    action_ages_s: tuple[float, ...]
