"""LeRobot's own pre- and post-processing, from the checkpoint's files, proven complete."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
from lerobot.configs import PreTrainedConfig
from lerobot.policies.factory import make_pre_post_processors
from lerobot.policies.pi05.processor_pi05 import Pi05PrepareStateTokenizerProcessorStep
from lerobot.processor import (
    AbsoluteActionsProcessorStep,
    ComplementaryDataProcessorStep,
    NormalizerProcessorStep,
    PolicyProcessorPipeline,
    RelativeActionsProcessorStep,
    TokenizerProcessorStep,
    UnnormalizerProcessorStep,
)
from lerobot.processor.pipeline import ProcessorMigrationError
from lerobot.utils.constants import (
    ACTION,
    OBS_LANGUAGE_ATTENTION_MASK,
    OBS_LANGUAGE_TOKENS,
    OBS_STATE,
)
from safetensors import SafetensorError

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import CheckpointError
from pi0_ros.policy.input_features import joint_feature
from pi0_ros.policy.manifest import POSTPROCESSOR_FILE, PREPROCESSOR_FILE
from pi0_ros.policy.processor_steps import check_steps
from pi0_ros.policy.prompt import Prompt
from pi0_ros.policy.statistics import check_statistics
from pi0_ros.policy.tokenizer_folder import find_tokenizer

_PRE_STEPS = ("tokenizer_processor", "device_processor", "normalizer_processor")
_POST_STEPS = ("unnormalizer_processor", "device_processor")
_PROMPT_STEPS = (
    ComplementaryDataProcessorStep,
    Pi05PrepareStateTokenizerProcessorStep,
    TokenizerProcessorStep,
)
_CONVERSION = (
    "convert an old checkpoint with `python -m lerobot.processor.migrate_policy_normalization`"
)


@dataclass(frozen=True, slots=True)
class Pipelines:
    """What comes before a policy, and what after it."""

    before: PolicyProcessorPipeline[dict[str, Any], dict[str, Any]]
    after: PolicyProcessorPipeline[torch.Tensor, torch.Tensor]


@dataclass(frozen=True, slots=True)
class Processors:
    """The two pipelines; of the first, the prompt's steps, and a pipeline of all the others.

    Attributes:
        prompt_length: tokens that the policy takes at most.
    """

    before: PolicyProcessorPipeline[dict[str, Any], dict[str, Any]]
    after: PolicyProcessorPipeline[torch.Tensor, torch.Tensor]
    without_prompt: PolicyProcessorPipeline[dict[str, Any], dict[str, Any]]
    prompt: Prompt
    prompt_length: int

    @classmethod
    def around(
        cls,
        before: PolicyProcessorPipeline[dict[str, Any], dict[str, Any]],
        after: PolicyProcessorPipeline[torch.Tensor, torch.Tensor],
        joints: int,
    ) -> Self:
        """From the two pipelines; the first must have a tokenizer step.

        Args:
            joints: values of a state.
        """
        tokenizers = [step for step in before.steps if isinstance(step, TokenizerProcessorStep)]
        without_prompt: PolicyProcessorPipeline[dict[str, Any], dict[str, Any]]
        without_prompt = PolicyProcessorPipeline(
            steps=[step for step in before.steps if not isinstance(step, _PROMPT_STEPS)],
            to_transition=before.to_transition,
            to_output=before.to_output,
        )
        prompt = Prompt(before.steps, joints)
        return cls(before, after, without_prompt, prompt, tokenizers[0].max_length)

    def tokens(self, text: str, positions: FloatArray) -> torch.Tensor:
        """The prompt's tokens as the first pipeline makes them, int64 (tokens,), no padding.

        Args:
            positions: (joints,) in the checkpoint's unit; the pipeline does not run without.
        """
        prompt = self.before({OBS_STATE: _state(positions), "task": text})
        present = prompt[OBS_LANGUAGE_ATTENTION_MASK][0].bool()
        return prompt[OBS_LANGUAGE_TOKENS][0][present]

    def scale_state(self, positions: FloatArray) -> torch.Tensor:
        """The state as the model takes it, float32 (1, joints) on the device.

        Args:
            positions: (joints,) in the checkpoint's unit.
        """
        return self.without_prompt({OBS_STATE: _state(positions)})[OBS_STATE]

    def scale_actions(self, rows: FloatArray, positions: FloatArray) -> torch.Tensor:
        """Actions as the model would give them, float32 (rows, joints) on the device.

        Args:
            rows: (rows, joints), absolute, in the checkpoint's unit.
            positions: (joints,) likewise: what actions are relative to, where they are.
        """
        actions = torch.from_numpy(joint_feature(rows))[None]
        scaled: torch.Tensor
        scaled = self.without_prompt({OBS_STATE: _state(positions), ACTION: actions})[ACTION]
        return scaled[0]


def load_processors(
    folder: Path, config: PreTrainedConfig, device: torch.device, tokenizer_path: Path | None
) -> Processors:
    """Both pipelines, on `device`, their statistics checked.

    Raises:
        CheckpointError: a file, a step, a statistic or the tokenizer is missing or cannot work.
    """
    pre_steps = _read_steps(folder / PREPROCESSOR_FILE, _PRE_STEPS)
    _read_steps(folder / POSTPROCESSOR_FILE, _POST_STEPS)
    stored = pre_steps["tokenizer_processor"].get("tokenizer_name")
    tokenizer_folder = find_tokenizer(folder, tokenizer_path, stored)
    before, after = _load(
        folder,
        config,
        {
            "tokenizer_processor": {"tokenizer_name": str(tokenizer_folder)},
            "device_processor": {"device": str(device)},
        },
    )
    _check_reference(folder / PREPROCESSOR_FILE, config, before, RelativeActionsProcessorStep)
    _check_reference(folder / POSTPROCESSOR_FILE, config, after, AbsoluteActionsProcessorStep)
    check_steps(folder / PREPROCESSOR_FILE, config, before.steps)
    return Processors.around(before, after, config.robot_state_feature.shape[0])


def load_pipelines(folder: Path, config: PreTrainedConfig, device: torch.device) -> Pipelines:
    """Both pipelines of a policy that reads no words, on `device`, their statistics checked.

    Raises:
        CheckpointError: a file, a step or a statistic is missing or cannot work.
    """
    _read_steps(folder / PREPROCESSOR_FILE, _PRE_STEPS[1:])
    _read_steps(folder / POSTPROCESSOR_FILE, _POST_STEPS)
    return Pipelines(*_load(folder, config, {"device_processor": {"device": str(device)}}))


def _load(
    folder: Path, config: PreTrainedConfig, overrides: dict[str, dict[str, str]]
) -> tuple[
    PolicyProcessorPipeline[dict[str, Any], dict[str, Any]],
    PolicyProcessorPipeline[torch.Tensor, torch.Tensor],
]:
    try:
        before, after = make_pre_post_processors(
            config,
            pretrained_path=str(folder),
            preprocessor_overrides=overrides,
            postprocessor_overrides={"device_processor": {"device": "cpu"}},
        )
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        ImportError,
        SafetensorError,
        ProcessorMigrationError,
    ) as error:
        tokenizer = overrides.get("tokenizer_processor", {}).get("tokenizer_name")
        with_it = "" if tokenizer is None else f" with the tokenizer of {tokenizer}"
        raise CheckpointError(
            f"{folder}: LeRobot cannot load {PREPROCESSOR_FILE} and "
            f"{POSTPROCESSOR_FILE}{with_it}: {error}"
        ) from error
    _check_scaling(folder, config, before, after)
    return before, after


def _state(positions: FloatArray) -> torch.Tensor:
    return torch.from_numpy(joint_feature(positions))


def _check_scaling(
    folder: Path,
    config: PreTrainedConfig,
    before: PolicyProcessorPipeline[Any, Any],
    after: PolicyProcessorPipeline[Any, Any],
) -> None:
    for step in before.steps:
        if isinstance(step, NormalizerProcessorStep):
            keys = [OBS_STATE, *config.image_features]
            check_statistics(folder / PREPROCESSOR_FILE, step, config, keys)
    for step in after.steps:
        if isinstance(step, UnnormalizerProcessorStep):
            check_statistics(folder / POSTPROCESSOR_FILE, step, config, [ACTION])


def _check_reference(
    path: Path,
    config: PreTrainedConfig,
    pipeline: PolicyProcessorPipeline[Any, Any],
    kind: type[Any],
) -> None:
    """Offsets taken for positions, or the other way round, would send the arm elsewhere."""
    enabled = any(step.enabled for step in pipeline.steps if isinstance(step, kind))
    wanted = getattr(config, "use_relative_actions", False)
    if enabled != wanted:
        raise CheckpointError(
            f"{path}: {kind.__name__} is {'on' if enabled else 'off or missing'}, but config.json "
            f"says use_relative_actions: {wanted}"
        )


def _read_steps(path: Path, needed: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Registered name of each step -> its configuration."""
    if not path.is_file():
        raise CheckpointError(
            f"{path}: no such file, so nothing says how states and actions are scaled; "
            f"{_CONVERSION}"
        )
    try:
        steps = json.loads(path.read_text(encoding="utf-8"))["steps"]
        named = {step["registry_name"]: dict(step.get("config", {})) for step in steps}
    except (OSError, ValueError, KeyError, TypeError) as error:
        # A step without a registered name would import whatever module it names.
        raise CheckpointError(
            f"{path}: damaged, or with a step that LeRobot does not register ({error!r})"
        ) from error
    for name in needed:
        if name not in named:
            raise CheckpointError(
                f"{path}: has no step {name!r} (has {', '.join(named) or 'none'}); {_CONVERSION}"
            )
    return named
