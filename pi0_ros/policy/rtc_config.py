"""How chunks are made to go on where the chunk before leads."""

from dataclasses import dataclass
from typing import Literal, get_args

from pi0_ros.core.errors import ConfigurationError

RtcMethod = Literal["identity", "jacobian"]


@dataclass(frozen=True, slots=True)
class RtcConfig:
    """Real-time chunking: each chunk is guided toward the one that plays meanwhile.

    Method: Black, Galliker, Levine, "Real-Time Execution of Action Chunking Flow Policies",
    arXiv 2506.07339.

    Attributes:
        method: "jacobian", the paper's own, multiplies the distance to the chunk before with the
            Jacobian of the estimated chunk, by autograd; "identity" takes that Jacobian as the
            identity, which is not the paper's method and needs no autograd.
        horizon: rows of a new chunk that are guided, as long as the chunk before has them; those
            that play before the new chunk can take over are guided always. 0: all that the chunk
            before has.
        max_weight: largest weight of the guidance in a flow step (the paper's beta); 0: as many as
            there are flow steps, where a step corrects no more than all of the distance.
        max_distance: where an arm is further than this (rad or m) from where the chunk before has
            it at the observation's time, it does not follow that chunk, and nothing is guided.

    Raises:
        ConfigurationError: a value cannot work; the message names the parameter.
    """

    method: RtcMethod
    horizon: int = 0
    max_weight: float = 0.0
    max_distance: float = 0.2

    def __post_init__(self) -> None:
        if self.method not in get_args(RtcMethod):
            raise ConfigurationError(
                f"rtc: expected off, identity or jacobian, got {self.method!r}"
            )
        if self.horizon < 0:
            raise ConfigurationError(
                f"rtc_execution_horizon: must be at least 0, got {self.horizon}"
            )
        if not 0.0 <= self.max_weight <= 1000.0:
            raise ConfigurationError(
                f"rtc_max_guidance_weight: expected 0 to 1000, got {self.max_weight}"
            )
        if not 0.0 < self.max_distance <= 10.0:
            raise ConfigurationError(
                f"rtc_max_distance: expected above 0 and at most 10, got {self.max_distance}"
            )

    def require_rows(self, rows: int) -> None:
        """
        Args:
            rows: of the checkpoint's chunks.

        Raises:
            ConfigurationError: more of them are to be guided than there are.
        """
        if self.horizon > rows:
            raise ConfigurationError(
                f"rtc_execution_horizon: {self.horizon} rows, but the checkpoint's chunks have "
                f"{rows}"
            )
