"""What a policy is loaded from and with."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

from pi0_ros.core.arrays import require_unique_names
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.policy.remote.remote_config import RemoteConfig
from pi0_ros.policy.rtc_config import RtcConfig

Mode = Literal["real", "demo"]
Units = Literal["rad", "deg"]
EngineName = Literal["fast", "lerobot"]
Precision = Literal["float32", "bfloat16"]
Quantization = Literal["none", "int8"]

_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")


def default_feature(camera: str) -> str:
    """The checkpoint's input feature that a camera feeds where none is configured."""
    return f"observation.images.{camera}"


@dataclass(frozen=True, slots=True)
class PolicyConfig:
    """Everything that decides what is loaded and how it runs.

    Attributes:
        path: a LeRobot checkpoint's folder (parameter `policy_path`); not read where `remote` is
            given.
        mode: which kind of checkpoint is expected; the other kind is refused.
        camera_features: camera name -> input feature of the checkpoint, one to one.
        joints: number of joints, which state and action of the checkpoint must have.
        image_shape: height and width of the cameras' pictures.
        engine: what computes: the package's own engine, or LeRobot's model.
        precision: of the weights and products; None: as the checkpoint says.
        vision_precision: of the vision tower alone; LeRobot's is float32 always.
        quantization: "int8" keeps the matrices of the language model and the action expert as int8:
            less memory, other numbers, more time.
        device: "auto" (CUDA where there is one), "cpu", "cuda" or "cuda:<index>".
        policy_units: what the checkpoint's state and action are in; joint positions outside are
            always rad.
        allow_image_resize: whether pictures of another size than the checkpoint was trained with
            may be fed; LeRobot then shrinks them and pads them to the model's square.
        inference_steps: denoising steps per chunk; None: as the checkpoint says.
        noise_scale: standard deviation of the noise each chunk starts from. 1 is what Pi0 is
            trained with; 0 makes the chunk a function of the observation alone. None: as the
            checkpoint says, 1 where it says nothing.
        noise_seed: draws the same noise for every chunk; None draws it anew.
        threads: of torch on the CPU; 0 leaves torch's own choice.
        rtc: how chunks go on where the chunk before leads; None: each stands for itself.
        tokenizer_path: folder of the tokenizer; None: the folder `tokenizer` in the checkpoint.
        remote: a server that computes the chunks instead. `camera_features` then are the names of
            the pictures in a message, and what is about the computation is the server's business.

    Raises:
        ConfigurationError: a value cannot work; the message names the parameter.
    """

    path: Path
    mode: Mode
    camera_features: Mapping[str, str]
    joints: int
    image_shape: tuple[int, int] = (480, 640)
    engine: EngineName = "fast"
    precision: Precision | None = None
    vision_precision: Precision = "float32"
    quantization: Quantization = "none"
    device: str = "auto"
    policy_units: Units = "rad"
    allow_image_resize: bool = False
    inference_steps: int | None = None
    noise_scale: float | None = None
    noise_seed: int | None = None
    threads: int = 1
    rtc: RtcConfig | None = None
    tokenizer_path: Path | None = None
    remote: RemoteConfig | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))
        if self.tokenizer_path is not None:
            object.__setattr__(self, "tokenizer_path", Path(self.tokenizer_path))
        self._check_choice("mode", self.mode, get_args(Mode))
        self._check_choice("policy_units", self.policy_units, get_args(Units))
        self._check_choice("engine", self.engine, get_args(EngineName))
        if self.precision is not None:
            self._check_choice("precision", self.precision, get_args(Precision))
        self._check_choice("vision_precision", self.vision_precision, get_args(Precision))
        if self.engine == "lerobot" and self.vision_precision != "float32":
            raise ConfigurationError(
                f"vision_precision: {self.vision_precision!r} needs the parameter engine to be "
                "'fast': LeRobot's vision tower is float32 always"
            )
        self._check_choice("quantization", self.quantization, get_args(Quantization))
        if self.engine != "fast" and self.quantization != "none":
            raise ConfigurationError(
                f"quantization: {self.quantization!r} needs the parameter engine to be 'fast', got "
                f"{self.engine!r}: change that, or set quantization to 'none'"
            )
        if self.engine != "fast" and self.rtc is not None:
            raise ConfigurationError(
                f"rtc: {self.rtc.method!r} needs the parameter engine to be 'fast', got "
                f"{self.engine!r}: change that, or set rtc to 'off'"
            )
        if self.remote is not None and self.rtc is not None:
            raise ConfigurationError(
                f"rtc: {self.rtc.method!r} needs a policy in this process, and policy_path is "
                f"{self.remote.url}: a server computes each chunk for itself; set rtc to 'off'"
            )
        if not _DEVICE.fullmatch(self.device):
            raise ConfigurationError(
                f"device: expected auto, cpu, cuda or cuda:<index>, got {self.device!r}"
            )
        cameras = require_unique_names(self.camera_features, "cameras")
        features = {camera: self.camera_features[camera] for camera in cameras}
        require_unique_names(features.values(), "cameras.<name>.feature")
        object.__setattr__(self, "camera_features", MappingProxyType(features))
        height, width = self.image_shape
        if height < 1 or width < 1:
            raise ConfigurationError(f"image size: must be above 0, got {width}x{height}")
        if self.joints < 1:
            raise ConfigurationError(f"joint_names: expected at least one, got {self.joints}")
        if self.inference_steps is not None and self.inference_steps < 1:
            raise ConfigurationError(
                f"inference_steps: must be at least 1, got {self.inference_steps}"
            )
        if self.noise_scale is not None and not 0.0 <= self.noise_scale <= 10.0:
            raise ConfigurationError(
                f"noise_scale: expected 0 to 10 (1 is Pi0's own), got {self.noise_scale}"
            )
        if self.threads < 0:
            raise ConfigurationError(f"threads: must be at least 0, got {self.threads}")

    @property
    def source(self) -> str:
        """Where the policy is, for people."""
        return str(self.path) if self.remote is None else self.remote.url

    @property
    def units_per_rad(self) -> float:
        """What the checkpoint's unit counts in a rad."""
        return math.degrees(1.0) if self.policy_units == "deg" else 1.0

    @staticmethod
    def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
        if value not in choices:
            raise ConfigurationError(f"{name}: expected {' or '.join(choices)}, got {value!r}")
