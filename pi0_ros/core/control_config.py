"""How the controller ticks, plays and watches."""

from dataclasses import dataclass
from typing import Literal

from pi0_ros.core.errors import ConfigurationError

CommandInterface = Literal["joint_trajectory", "forward_position"]


@dataclass(frozen=True, slots=True)
class ControlConfig:
    """Parameters of the control loop.

    Attributes:
        control_rate_hz: ticks per second.
        lead_ticks: ticks that are already promised when they are sent, so that a message that
            comes late by less than this changes nothing that has been played. Unused with
            forward_position, where a command takes effect when it arrives.
        interpolate_from_desired_state: what the arm's joint_trajectory_controller is set to; the
            curve that it samples is the same either way.
        lookahead_ticks: ticks planned beyond the lead before the braking begins; so many ticks
            may be missed before the arm starts to brake.
        joint_max_age_s: joint states older than this are stale.
        tracking_tolerance_rad: largest distance between plan and measurement.
        max_start_distance_rad: largest distance between a chunk's due row and the plan.
        rest_speed_rad_s: below this measured speed the arm counts as at rest.
        blend_s: time in which the difference between old and new chunk fades out.
        path_tolerance_rad: how far a chunk's rows may be moved to take out jitter that would
            otherwise slow the whole chunk down; 0 plays the rows as they are.
        speed_scale: how fast chunks are played when the loop begins, above 0, at most 1.
        dry_run: everything is decided and nothing is sent: the measured arm does not follow.
        divergence_after_s: in a dry run, how long after its capture a chunk is compared with the
            arm; within the length of the chunks.
        slowest_clock: see StampedStream; below 1 for simulated time only.
    """

    control_rate_hz: float = 50.0
    command_interface: CommandInterface = "joint_trajectory"
    interpolate_from_desired_state: bool = True
    lead_ticks: int = 2
    lookahead_ticks: int = 3
    joint_max_age_s: float = 0.08
    tracking_tolerance_rad: float = 0.2
    max_start_distance_rad: float = 0.5
    rest_speed_rad_s: float = 0.05
    blend_s: float = 0.2
    path_tolerance_rad: float = 0.02
    speed_scale: float = 1.0
    dry_run: bool = False
    divergence_after_s: float = 0.5
    slowest_clock: float = 1.0

    def __post_init__(self) -> None:
        if not 1.0 <= self.control_rate_hz <= 1000.0:
            raise ConfigurationError(
                f"control_rate must be between 1 and 1000 Hz, got {self.control_rate_hz}"
            )
        if self.command_interface not in ("joint_trajectory", "forward_position"):
            raise ConfigurationError(
                "command_interface must be joint_trajectory or forward_position, "
                f"got {self.command_interface!r}"
            )
        if not (1 <= self.lead_ticks <= 50 and 1 <= self.lookahead_ticks <= 50):
            raise ConfigurationError(
                "lead_ticks and lookahead_ticks must be 1 to 50, "
                f"got {self.lead_ticks} and {self.lookahead_ticks}"
            )
        for name in (
            "joint_max_age_s",
            "tracking_tolerance_rad",
            "max_start_distance_rad",
            "rest_speed_rad_s",
        ):
            if not 0.0 < getattr(self, name) < float("inf"):
                raise ConfigurationError(f"{name} must be above 0, got {getattr(self, name)}")
        if not 0.0 <= self.blend_s <= 10.0:
            raise ConfigurationError(f"blend must be 0 to 10 s, got {self.blend_s}")
        if not 0.0 <= self.path_tolerance_rad <= 0.1:
            raise ConfigurationError(
                f"path_tolerance must be 0 to 0.1 rad, got {self.path_tolerance_rad}"
            )

        if not 0.0 < self.speed_scale <= 1.0:
            raise ConfigurationError(
                f"speed_scale must be above 0 and at most 1, got {self.speed_scale}"
            )
        if not 0.0 < self.divergence_after_s <= 10.0:
            raise ConfigurationError(
                f"divergence_after must be above 0 and at most 10 s, got {self.divergence_after_s}"
            )

    @property
    def tick_ns(self) -> int:
        return round(1e9 / self.control_rate_hz)

    @property
    def tick_s(self) -> float:
        """The tick as the messages carry it, a whole number of nanoseconds."""
        return self.tick_ns / 1e9

    @property
    def brakes_by_itself(self) -> bool:
        """Whether the arm comes to rest within limits when the ticks end, whenever that is."""
        return self.dry_run or self.command_interface == "joint_trajectory"

    @property
    def promised_ticks(self) -> int:
        """Ticks after the present one that can no longer be changed."""
        return self.lead_ticks if self.command_interface == "joint_trajectory" else 0
