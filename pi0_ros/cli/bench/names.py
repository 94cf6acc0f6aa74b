"""The engines that can be compared, without importing any."""

from dataclasses import dataclass

from pi0_ros.policy.policy_config import EngineName, Precision, Quantization


@dataclass(frozen=True, slots=True)
class Peer:
    """One column of the comparison.

    Attributes:
        precision: of the model; None: bfloat16 on CUDA, float32 on the CPU.
        vision: of the vision tower.
        compiled: whether LeRobot's model goes through torch.compile.
        quantization: of the model; its numbers are other ones, so it is reported apart.
    """

    engine: EngineName
    precision: Precision | None
    vision: Precision = "float32"
    compiled: bool = False
    quantization: Quantization = "none"

    def precision_on(self, device: str) -> Precision:
        if self.precision is not None:
            return self.precision
        return "bfloat16" if device == "cuda" else "float32"


REFERENCE = "lerobot-float32"
COMPILED = "lerobot-compiled"
PEERS = {
    REFERENCE: Peer("lerobot", "float32"),
    "lerobot-bfloat16": Peer("lerobot", "bfloat16"),
    COMPILED: Peer("lerobot", None, compiled=True),
    "fast-float32": Peer("fast", "float32"),
    "fast-bfloat16": Peer("fast", "bfloat16"),
    "fast-bfloat16-vision": Peer("fast", "bfloat16", vision="bfloat16"),
    "fast-int8": Peer("fast", "bfloat16", quantization="int8"),
}
# Compiling takes minutes on a CPU; what is quantized is no peer.
DEFAULT = tuple(
    name for name, peer in PEERS.items() if name != COMPILED and peer.quantization == "none"
)
