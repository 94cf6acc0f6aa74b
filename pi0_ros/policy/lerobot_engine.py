"""LeRobot's own model of a policy that reads words as an engine: Pi0, Pi0.5, SmolVLA."""

from collections.abc import Sequence

import numpy as np
import torch
from lerobot.policies.pretrained import PreTrainedPolicy
from lerobot.policies.utils import prepare_observation_for_inference
from numpy.typing import NDArray
from torch import Tensor

from pi0_ros.core.arrays import FloatArray
from pi0_ros.policy.engine import Mark, unmarked
from pi0_ros.policy.input_features import input_features
from pi0_ros.policy.processors import Processors


class LeRobotEngine:
    """Hands everything to LeRobot.

    Args:
        features: input features of the checkpoint, in the order in which pictures come.
        flow_steps: Euler steps per chunk; None: as the checkpoint says.
    """

    name = "lerobot"

    def __init__(
        self,
        model: PreTrainedPolicy,
        processors: Processors,
        features: Sequence[str],
        device: torch.device,
        flow_steps: int | None,
    ) -> None:
        self.model = model
        self._processors = processors
        self._features = tuple(features)
        self._device = device
        self._options: dict[str, int] = {}
        if model.config.type == "smolvla":
            embedding = model.model.vlm_with_expert.get_vlm_model().text_model.embed_tokens
            # It takes the number from here alone, and ignores one that is passed.
            model.config.num_steps = flow_steps or model.config.num_steps
        else:
            towers = model.model.paligemma_with_expert
            embedding = towers.paligemma.model.language_model.embed_tokens
            self._options = {} if flow_steps is None else {"num_steps": flow_steps}
        self.vocabulary = int(embedding.weight.shape[0])
        self.noise_shape = (model.config.chunk_size, model.config.max_action_dim)

    def chunk(
        self,
        pictures: Sequence[NDArray[np.uint8]],
        positions: FloatArray,
        instruction: str,
        noise: Tensor,
        mark: Mark = unmarked,
    ) -> Tensor:
        # prepare_observation_for_inference changes the dictionary it is given: this one is ours.
        values = input_features(zip(self._features, pictures, strict=True), positions)
        prepared = prepare_observation_for_inference(values, self._device, task=instruction)
        batch = self._processors.before(prepared)
        lost = [feature for feature in self._features if feature not in batch]
        if lost:
            raise KeyError(f"the preprocessor drops {', '.join(lost)}")
        self._processors.prompt.require_whole(batch)
        mark("pre-processing")
        actions = self.model.predict_action_chunk(batch, noise=noise, **self._options)
        mark("flow")
        return actions
