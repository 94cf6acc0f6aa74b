"""Where weights, configuration and processors come from: a checkpoint, or thin air."""

import copy
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from lerobot.configs import FeatureType, PolicyFeature
from lerobot.policies.pi0.configuration_pi0 import PI0Config
from lerobot.policies.pi0.modeling_pi0 import PI0Policy
from lerobot.utils.constants import ACTION, OBS_STATE
from torch import Tensor

from pi0_ros.cli.bench.workload import PICTURE
from pi0_ros.policy.checkpoint_config import policy_class, read_config
from pi0_ros.policy.configuration_pi0_tiny import PI0TinyConfig
from pi0_ros.policy.demo_tokenizer import save_tokenizer
from pi0_ros.policy.features import trained_pictures
from pi0_ros.policy.manifest import WEIGHTS_FILE
from pi0_ros.policy.policy_config import Precision
from pi0_ros.policy.processors import Processors, load_processors
from pi0_ros.policy.safetensors_header import read_header
from pi0_ros.policy.training_processors import make_processors
from pi0_ros.policy.weights import model_without_weights, read_weights

_RANDOM = {"full": PI0Config, "tiny": PI0TinyConfig}
_JOINTS = 6
_CAMERAS = ("main", "side", "top")
_SPREAD = 0.02


@dataclass(frozen=True, slots=True)
class Source:
    """One policy, from which every engine is made anew.

    Attributes:
        name: for the report.
        features: pictures that the policy takes, in its order.
        joints: values of a state and of an action.
        processors: shared by all engines.
        model: LeRobot's, without weights, with this precision, to be compiled or not.
        tensors: its weights; every call gives them anew, to be consumed.
        origin: where the weights come from, for errors.
    """

    name: str
    features: tuple[str, ...]
    joints: int
    processors: Processors
    model: Callable[[Precision, bool], PI0Policy]
    tensors: Callable[[PI0Policy], dict[str, Tensor]]
    origin: Path


def checkpoint_source(folder: Path, device: torch.device) -> Source:
    """
    Raises:
        CheckpointError: not a complete Pi0 checkpoint.
    """
    path = folder / WEIGHTS_FILE
    header = read_header(path)
    config = read_config(folder, str(device))
    return Source(
        name=str(folder),
        features=trained_pictures(config),
        joints=config.action_feature.shape[0],
        processors=load_processors(folder, config, device, None),
        model=lambda precision, compiled: _model(config, precision, compiled, device),
        tensors=lambda model: read_weights(model, path, header),
        origin=path,
    )


def random_source(size: str, device: torch.device, seed: int) -> Source:
    """Weights drawn from a seed, the same for every engine: enough to tell how long they take.

    Args:
        size: "full" (LeRobot's own sizes) or "tiny" (the demo checkpoint's).
    """
    picture = PolicyFeature(FeatureType.VISUAL, (3, *PICTURE))
    joints = PolicyFeature(FeatureType.STATE, (_JOINTS,))
    config = _RANDOM[size](
        input_features={
            **{f"observation.images.{name}": picture for name in _CAMERAS},
            OBS_STATE: joints,
        },
        output_features={ACTION: PolicyFeature(FeatureType.ACTION, (_JOINTS,))},
        device=str(device),
        **({} if size == "full" else {"image_resolution": (56, 56)}),
    )
    ones = {"mean": torch.zeros(_JOINTS), "std": torch.ones(_JOINTS)}
    with tempfile.TemporaryDirectory() as scratch:
        tokenizer = Path(scratch) / "tokenizer"
        save_tokenizer(["pick up the red block"], 300, tokenizer)
        before, after = make_processors(config, {OBS_STATE: ones, ACTION: ones}, tokenizer)
    return Source(
        name=f"random weights, {size} size",
        features=tuple(config.image_features),
        joints=_JOINTS,
        processors=Processors.around(before, after, _JOINTS),
        model=lambda precision, compiled: _model(config, precision, compiled, device),
        tensors=lambda model: _random_tensors(model, device, seed),
        origin=Path("random"),
    )


def _model(
    config: PI0Config, precision: Precision, compiled: bool, device: torch.device
) -> PI0Policy:
    config = copy.deepcopy(config)
    config.dtype, config.compile_model = precision, compiled
    # LeRobot's default mode for CUDA searches for the best kernels; a CPU has no such choice.
    config.compile_mode = "max-autotune" if device.type == "cuda" else "default"
    before = torch.get_float32_matmul_precision()
    model = model_without_weights(policy_class(config), config)
    # Compiling lowers it for the whole process, which would change the others' results.
    torch.set_float32_matmul_precision(before)
    return model


def _random_tensors(model: PI0Policy, device: torch.device, seed: int) -> dict[str, Tensor]:
    """bfloat16, so that every precision starts from the same numbers."""
    generator = torch.Generator(device).manual_seed(seed)
    tensors = {}
    for name, target in model.state_dict().items():
        # So that signals keep their size on the way, as in a trained model.
        spread = _SPREAD if target.dim() < 2 else target[0].numel() ** -0.5
        mean = 1.0 if "layer_norm" in name and name.endswith("weight") else 0.0
        value = torch.empty(target.shape, dtype=torch.bfloat16, device=device)
        tensors[name] = value.normal_(mean, spread, generator=generator)
    return tensors
