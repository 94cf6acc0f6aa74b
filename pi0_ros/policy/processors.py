"""LeRobot's own pre- and post-processing, from the checkpoint's files, proven complete."""

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
from pi0_ros.policy.processor_files import (
    AFTER_STEPS,
    BEFORE_STEPS,
    TOKENIZER_STEP,
    read_steps,
)
from pi0_ros.policy.processor_steps import check_steps
from pi0_ros.policy.prompt import Prompt
from pi0_ros.policy.statistics import Scaling, check_statistics, plain
from pi0_ros.policy.tokenizer_folder import find_tokenizer

_PROMPT_STEPS = (
    ComplementaryDataProcessorStep,
    Pi05PrepareStateTokenizerProcessorStep,
    TokenizerProcessorStep,
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
    steps = read_steps(folder / PREPROCESSOR_FILE, (TOKENIZER_STEP, *BEFORE_STEPS))
    read_steps(folder / POSTPROCESSOR_FILE, AFTER_STEPS)
    stored = steps[TOKENIZER_STEP].config.get("tokenizer_name")
    tokenizer_folder = find_tokenizer(folder, tokenizer_path, stored)
    before, after = _load(
        folder,
        config,
        {
            TOKENIZER_STEP: {"tokenizer_name": str(tokenizer_folder)},
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
    read_steps(folder / PREPROCESSOR_FILE, BEFORE_STEPS)
    read_steps(folder / POSTPROCESSOR_FILE, AFTER_STEPS)
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
        tokenizer = overrides.get(TOKENIZER_STEP, {}).get("tokenizer_name")
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
    features = {**(config.input_features or {}), **(config.output_features or {})}
    modes = config.normalization_mapping
    for step in before.steps:
        if isinstance(step, NormalizerProcessorStep):
            keys = [OBS_STATE, *config.image_features]
            path = folder / PREPROCESSOR_FILE
            check_statistics(path, _scaling(step), features, modes, keys)
    for step in after.steps:
        if isinstance(step, UnnormalizerProcessorStep):
            path = folder / POSTPROCESSOR_FILE
            check_statistics(path, _scaling(step), features, modes, [ACTION])


def _scaling(step: NormalizerProcessorStep | UnnormalizerProcessorStep) -> Scaling:
    return Scaling(
        modes={plain(kind): plain(mode) for kind, mode in step.norm_map.items()},
        features=step.features,
        statistics={name: value.numpy() for name, value in step.state_dict().items()},
    )


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
