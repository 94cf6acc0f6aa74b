"""A LeRobot Pi0 checkpoint behind the Policy interface."""

import math
from collections.abc import Mapping

import numpy as np
import torch
from lerobot.policies.pi0.modeling_pi0 import PI0Policy
from lerobot.policies.utils import prepare_observation_for_inference
from lerobot.utils.constants import OBS_STATE

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import PolicyError, PolicyLost
from pi0_ros.core.observation import Observation
from pi0_ros.policy.interface import PolicyDescription
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.processors import Processors

# What torch and LeRobot raise when a computation fails; anything else is a defect of ours.
_FAILURES = (RuntimeError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
_DEVICE_LOST = ("CUDA error", "cuDNN", "CUBLAS", "device-side assert", "NVML")


class LeRobotPi0:
    """Runs a loaded Pi0: not safe to call from several threads at once."""

    def __init__(
        self,
        model: PI0Policy,
        processors: Processors,
        description: PolicyDescription,
        config: PolicyConfig,
    ) -> None:
        self._model = model
        self._processors = processors
        self._description = description
        self._device = torch.device(description.device)
        self._features: Mapping[str, str] = config.camera_features
        self._to_policy_units = math.degrees(1.0) if config.policy_units == "deg" else 1.0
        self._steps = config.inference_steps
        self._seed = config.noise_seed
        stored = getattr(model.config, "inference_noise_scale", 1.0)
        self._noise_scale = stored if config.noise_scale is None else config.noise_scale
        self._instruction: str | None = None
        embedding = model.model.paligemma_with_expert.paligemma.model.language_model.embed_tokens
        self._vocabulary = int(embedding.weight.shape[0])

    @property
    def description(self) -> PolicyDescription:
        return self._description

    def check_instruction(self, text: str) -> None:
        self._processors.check_instruction(text, self._vocabulary)

    def infer(self, observation: Observation) -> FloatArray:
        self._check(observation)
        if observation.instruction != self._instruction:
            self.check_instruction(observation.instruction)
            self._instruction = observation.instruction
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
        return self._checked(actions)

    def _actions(self, observation: Observation) -> FloatArray:
        # prepare_observation_for_inference changes the dictionary it is given: this one is ours.
        # It makes tensors of the arrays, which must be writable for that.
        values: dict[str, np.ndarray] = {
            self._features[camera]: np.require(observation.images[camera], requirements=["C", "W"])
            for camera in self._description.cameras
        }
        # float32: an integer or double state would change the statistics' type in LeRobot.
        values[OBS_STATE] = (observation.positions * self._to_policy_units).astype(np.float32)
        prepared = prepare_observation_for_inference(
            values, self._device, task=observation.instruction
        )
        batch = self._processors.before(prepared)
        lost = [feature for feature in self._features.values() if feature not in batch]
        if lost:
            raise KeyError(f"the preprocessor drops {', '.join(lost)}")
        chunk = self._model.predict_action_chunk(batch, noise=self._noise(), **self._options())
        actions: FloatArray = self._processors.after(chunk)[0].double().cpu().numpy()
        return actions / self._to_policy_units

    def _options(self) -> dict[str, int]:
        return {} if self._steps is None else {"num_steps": self._steps}

    def _noise(self) -> torch.Tensor:
        """What the chunk is denoised from: shape (1, horizon, padded joints)."""
        sizes = self._model.config
        shape = (1, sizes.chunk_size, sizes.max_action_dim)
        if self._noise_scale == 0.0:
            return torch.zeros(shape, device=self._device)
        generator = None
        if self._seed is not None:
            generator = torch.Generator(self._device).manual_seed(self._seed)
        noise = torch.randn(shape, generator=generator, device=self._device)
        return self._noise_scale * noise

    def _check(self, observation: Observation) -> None:
        """Whoever builds observations has checked them for the operator; this is the last gate."""
        described = self._description
        if set(observation.images) != set(described.cameras):
            raise PolicyError(
                f"observation has the cameras {', '.join(observation.images)}, the policy takes "
                f"{', '.join(described.cameras)}"
            )
        for camera, picture in observation.images.items():
            if picture.dtype != np.uint8 or picture.shape != (*described.image_shape, 3):
                raise PolicyError(
                    f"camera {camera}: expected uint8 {(*described.image_shape, 3)}, got "
                    f"{picture.dtype} {picture.shape}"
                )
        positions = observation.positions
        if positions.shape != (described.joints,) or not np.isfinite(positions).all():
            raise PolicyError(
                f"expected {described.joints} finite joint positions, got {positions.tolist()}"
            )

    def _checked(self, actions: FloatArray) -> FloatArray:
        described = self._description
        if actions.shape != (described.horizon, described.joints):
            raise PolicyError(
                f"the policy gave a chunk of shape {actions.shape}, expected "
                f"{(described.horizon, described.joints)}"
            )
        if not np.isfinite(actions).all():
            raise PolicyError(
                f"the model's output is not finite in {int((~np.isfinite(actions)).sum())} of "
                f"{actions.size} values; the chunk is dropped"
            )
        return actions
