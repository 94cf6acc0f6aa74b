"""A piece of future motion, as the policy produces it and the controller plays it."""

from dataclasses import dataclass

from pi0_ros.core.arrays import FloatArray, frozen
from pi0_ros.core.errors import InputRefused


@dataclass(frozen=True, slots=True, eq=False)
class ActionChunk:
    """Joint positions `step_ns` apart, row 0 due at the observation's capture time.

    Attributes:
        stamp_ns: capture time of the observation, ROS time in ns.
        step_ns: time between rows in ns, > 0.
        joint_names: name of each column.
        positions: shape (horizon, joints), rad or m, absolute, read-only.
        sequence: rises by one per chunk of one policy process.
        epoch: rises with each new instruction and each reset.

    Finiteness and limits are not checked here: that is admission's work, which must be able to
    look at a bad chunk to name what is wrong with it.
    """

    stamp_ns: int
    step_ns: int
    joint_names: tuple[str, ...]
    positions: FloatArray
    sequence: int
    epoch: int

    def __post_init__(self) -> None:
        positions = frozen(self.positions)
        if positions.ndim != 2 or positions.shape[0] < 1 or positions.shape[1] < 1:
            raise InputRefused(
                "shape", f"chunk: expected positions (horizon, joints), got shape {positions.shape}"
            )
        if positions.shape[1] != len(self.joint_names):
            raise InputRefused(
                "shape",
                f"chunk: {len(self.joint_names)} joint names for {positions.shape[1]} columns",
            )
        if self.step_ns <= 0:
            raise InputRefused("step", f"chunk: step must be above 0, got {self.step_ns} ns")
        object.__setattr__(self, "positions", positions)

    @property
    def horizon(self) -> int:
        return int(self.positions.shape[0])

    @property
    def end_ns(self) -> int:
        """The time at which the last row is due."""
        return self.stamp_ns + (self.horizon - 1) * self.step_ns
