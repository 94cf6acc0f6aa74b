"""LeRobot's policies that take pictures and a state alone: no words, and no noise to start from."""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from lerobot.configs import PreTrainedConfig
from lerobot.policies.factory import get_policy_class
from lerobot.policies.pretrained import PreTrainedPolicy
from lerobot.policies.utils import prepare_observation_for_inference
from lerobot.processor import (
    AddBatchDimensionProcessorStep,
    DeviceProcessorStep,
    NormalizerProcessorStep,
    RenameObservationsProcessorStep,
    UnnormalizerProcessorStep,
)

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import CheckpointError, PolicyError, PolicyLost
from pi0_ros.core.observation import Observation
from pi0_ros.policy.gate import check_observation
from pi0_ros.policy.input_features import input_features
from pi0_ros.policy.interface import PolicyDescription
from pi0_ros.policy.manifest import WEIGHTS_FILE
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.processors import Pipelines, load_pipelines
from pi0_ros.policy.safetensors_header import TensorHeader
from pi0_ros.policy.weights import fill_model, model_without_weights, read_weights

# What torch and LeRobot raise when a computation fails; anything else is a defect of ours.
_FAILURES = (RuntimeError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
_DEVICE_LOST = ("CUDA error", "cuDNN", "CUBLAS", "device-side assert", "NVML")
_KNOWN_STEPS = (
    AddBatchDimensionProcessorStep,
    DeviceProcessorStep,
    NormalizerProcessorStep,
    RenameObservationsProcessorStep,
    UnnormalizerProcessorStep,
)


def load_wordless(
    folder: Path,
    checkpoint: PreTrainedConfig,
    config: PolicyConfig,
    header: Mapping[str, TensorHeader],
    description: PolicyDescription,
) -> "WordlessPolicy":
    """The policy with the weights of the checkpoint and no others.

    Args:
        checkpoint: its configuration; its device is the one to run on.
        config: asks for nothing that a policy of this type does not have.
        header: of the weights.

    Raises:
        CheckpointError: weights or processors are incomplete, or do what the bridge cannot feed.
    """
    device = torch.device(description.device)
    pipelines = load_pipelines(folder, checkpoint, device)
    for step in (*pipelines.before.steps, *pipelines.after.steps):
        if type(step) not in _KNOWN_STEPS:
            raise CheckpointError(
                f"{folder}: the checkpoint's processing step {type(step).__name__} is none that a "
                f"policy of type {checkpoint.type!r} is known to run with"
            )
    # Or the constructor downloads what the checkpoint's own weights replace anyway.
    checkpoint.pretrained_backbone_weights = None
    weights = folder / WEIGHTS_FILE
    model = model_without_weights(get_policy_class(checkpoint.type), checkpoint)
    fill_model(model, read_weights(model, weights, header), weights, device)
    return WordlessPolicy(model, pipelines, description, config)


class WordlessPolicy:
    """Hands everything to LeRobot; not safe to call from several threads at once."""

    def __init__(
        self,
        model: PreTrainedPolicy,
        pipelines: Pipelines,
        description: PolicyDescription,
        config: PolicyConfig,
    ) -> None:
        self._model = model
        self._pipelines = pipelines
        self._description = description
        self._features = config.camera_features
        self._device = torch.device(description.device)
        self._to_policy_units = math.degrees(1.0) if config.policy_units == "deg" else 1.0

    @property
    def description(self) -> PolicyDescription:
        return self._description

    def check_instruction(self, text: str) -> None:
        """Any will do: the policy knows one task and reads no words."""

    def infer(self, observation: Observation) -> FloatArray:
        check_observation(observation, self._description)
        try:
            with torch.no_grad():
                actions = self._actions(observation)
        except torch.OutOfMemoryError as error:
            raise PolicyLost(
                f"{self._device}: out of memory during inference ({error}); end what else uses "
                "the device, or set the parameter device"
            ) from error
        except _FAILURES as error:
            if any(mark in str(error) for mark in _DEVICE_LOST):
                raise PolicyLost(f"{self._device}: device lost ({error})") from error
            raise PolicyError(f"inference failed: {type(error).__name__}: {error}") from error
        expected = self._description.horizon, self._description.joints
        if actions.shape != expected:
            raise PolicyError(f"the policy gave a chunk of shape {actions.shape}, not {expected}")
        if not np.isfinite(actions).all():
            raise PolicyError(
                f"the model's output is not finite in {int((~np.isfinite(actions)).sum())} of "
                f"{actions.size} values; the chunk is dropped"
            )
        return actions

    def _actions(self, observation: Observation) -> FloatArray:
        # prepare_observation_for_inference changes the dictionary it is given: this one is ours.
        values = input_features(
            (
                (self._features[camera], observation.images[camera])
                for camera in self._description.cameras
            ),
            observation.positions * self._to_policy_units,
        )
        prepared = prepare_observation_for_inference(values, self._device)
        batch = self._pipelines.before(prepared)
        lost = [feature for feature in self._features.values() if feature not in batch]
        if lost:
            raise KeyError(f"the preprocessor drops {', '.join(lost)}")
        chunk = self._model.predict_action_chunk(batch)
        actions: FloatArray = self._pipelines.after(chunk)[0].double().cpu().numpy()
        return actions / self._to_policy_units
