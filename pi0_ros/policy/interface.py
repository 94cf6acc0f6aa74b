"""The one seam between the node and whatever computes actions."""

from dataclasses import dataclass
from typing import Protocol

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.observation import Observation


@dataclass(frozen=True, slots=True)
class PolicyDescription:
    """What was loaded.

    Attributes:
        policy_id: "demo/<type>-<hash>" or "<folder name>-<hash>", where the hash is the first 12
            hex digits of the weights' SHA-256; the other forms are in msg/ActionChunk.msg.
        is_demo: whether the checkpoint's own manifest says that it is the demo checkpoint.
        device: "cpu" or "cuda:0".
        horizon: rows per chunk.
        joints: columns per chunk.
        cameras: camera names in the order the policy takes them.
        image_shape: height and width every picture must have.
    """

    policy_id: str
    is_demo: bool
    device: str
    horizon: int
    joints: int
    cameras: tuple[str, ...]
    image_shape: tuple[int, int]


class Policy(Protocol):
    """Turns an observation into a chunk of absolute joint positions."""

    @property
    def description(self) -> PolicyDescription: ...

    def check_instruction(self, text: str) -> None:
        """Takes note of nothing; says whether `infer` would take this instruction.

        Raises:
            InputRefused: kind "instruction too long" or "instruction unknown": the policy would
                cut it or cannot read it.
        """
        ...

    def infer(self, observation: Observation) -> FloatArray:
        """Joint positions in rad (or m), shape (horizon, joints), every value finite.

        Raises:
            PolicyError: inference failed or gave a value that is not finite.
            InputRefused: the instruction is one that `check_instruction` refuses.
        """
        ...
