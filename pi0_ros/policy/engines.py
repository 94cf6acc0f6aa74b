"""From a checkpoint's weights to the engine that the parameter `engine` names."""

from collections.abc import Sequence
from pathlib import Path

import torch
from lerobot.configs import FeatureType, NormalizationMode
from lerobot.policies.pi0.configuration_pi0 import PI0Config
from lerobot.policies.pi0.processor_pi0 import Pi0NewLineProcessor
from lerobot.policies.pretrained import PreTrainedPolicy
from lerobot.processor import (
    AddBatchDimensionProcessorStep,
    DeviceProcessorStep,
    NormalizerProcessorStep,
    RelativeActionsProcessorStep,
    RenameObservationsProcessorStep,
    TokenizerProcessorStep,
)
from torch import Tensor

from pi0_ros.core.errors import CheckpointError
from pi0_ros.policy.engine import Engine
from pi0_ros.policy.fast.engine import FastEngine
from pi0_ros.policy.fast.int8 import Int8Layer
from pi0_ros.policy.fast.layers import as_it_is
from pi0_ros.policy.fast.sizes import sizes_of_model
from pi0_ros.policy.fast.weights import take_weights
from pi0_ros.policy.lerobot_engine import LeRobotEngine
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.policy_types import require_possible
from pi0_ros.policy.processors import Processors
from pi0_ros.policy.weights import fill_model

_INSTEAD = "set the parameter engine to 'lerobot'"
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
# What Pi0's preprocessor is made of. None of these changes a picture unless its settings say so.
_KNOWN_STEPS = (
    AddBatchDimensionProcessorStep,
    DeviceProcessorStep,
    NormalizerProcessorStep,
    Pi0NewLineProcessor,
    RelativeActionsProcessorStep,
    RenameObservationsProcessorStep,
    TokenizerProcessorStep,
)


def make_engine(
    model: PreTrainedPolicy,
    tensors: dict[str, Tensor],
    origin: Path,
    processors: Processors,
    cameras: Sequence[str],
    config: PolicyConfig,
    device: torch.device,
) -> Engine:
    """The engine that `config` names, with all of these weights and no others.

    Args:
        model: LeRobot's, without weights. Its configuration's dtype is the precision to run with.
        tensors: under LeRobot's names; emptied on the way, so that no weight is held twice.
        origin: where they come from, for the errors.
        cameras: in the order in which the checkpoint takes them.

    Raises:
        CheckpointError: a tensor is not finite or does not fit, or the checkpoint asks for
            something the engine does not do.
        ConfigurationError: the engine does not run policies of this type.
    """
    features = [config.camera_features[camera] for camera in cameras]
    if config.engine == "lerobot":
        fill_model(model, tensors, origin, device)
        return LeRobotEngine(model, processors, features, device, config.inference_steps)
    require_possible(model.config.type, config)
    _require_fast(model.config, processors, features)
    sizes = sizes_of_model(model)
    weights = take_weights(
        tensors,
        origin,
        sizes,
        device,
        _DTYPES[model.config.dtype],
        _DTYPES[config.vision_precision],
        keep=Int8Layer if config.quantization == "int8" else as_it_is,
    )
    return FastEngine(
        weights, sizes, processors, config.image_shape, len(features), config.inference_steps
    )


def _require_fast(checkpoint: PI0Config, processors: Processors, features: Sequence[str]) -> None:
    """
    Raises:
        CheckpointError: the preprocessor does something to pictures or names that LeRobot's model
            would see and the fast engine would not.
    """
    scaling = checkpoint.normalization_mapping.get(FeatureType.VISUAL.value)
    if scaling not in (None, NormalizationMode.IDENTITY):
        raise CheckpointError(
            f"the checkpoint scales its pictures by {scaling}, the fast engine takes them as they "
            f"are: {_INSTEAD}"
        )
    for step in processors.before.steps:
        if type(step) not in _KNOWN_STEPS:
            raise CheckpointError(
                f"the fast engine does not know the checkpoint's preprocessing step "
                f"{type(step).__name__}: {_INSTEAD}"
            )
        if isinstance(step, RenameObservationsProcessorStep):
            renamed = set(features) & {*step.rename_map, *step.rename_map.values()}
            if renamed:
                raise CheckpointError(
                    f"the checkpoint's preprocessor renames {', '.join(sorted(renamed))}, which "
                    f"the fast engine does not: {_INSTEAD}"
                )
