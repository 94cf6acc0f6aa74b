"""LeRobot's policies that take pictures and a state alone: no words, and no noise to start from."""

from collections.abc import Mapping
from pathlib import Path

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
from pi0_ros.core.errors import CheckpointError
from pi0_ros.core.observation import Observation
from pi0_ros.policy.gate import check_chunk, check_observation
from pi0_ros.policy.inference_errors import failures_named
from pi0_ros.policy.input_features import input_features
from pi0_ros.policy.interface import PolicyDescription
from pi0_ros.policy.manifest import WEIGHTS_FILE
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.processors import Pipelines, load_pipelines
from pi0_ros.policy.safetensors_header import TensorHeader
from pi0_ros.policy.weights import fill_model, model_without_weights, read_weights

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
        self._to_policy_units = config.units_per_rad

    @property
    def description(self) -> PolicyDescription:
        return self._description

    def check_instruction(self, text: str) -> None:
        """Any will do: the policy knows one task and reads no words."""

    def infer(self, observation: Observation) -> FloatArray:
        check_observation(observation, self._description)
        with failures_named(self._device), torch.no_grad():
            actions = self._actions(observation)
        check_chunk(actions, self._description)
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
