"""LeRobot's Pi0 pipelines with a tokenizer from a folder.

LeRobot's factory for new pipelines asks a hub for its tokenizer; these are its steps, in its
order (lerobot.policies.pi0.processor_pi0), around a tokenizer of our own.
"""

from pathlib import Path
from typing import Any

import torch
from lerobot.policies.pi0.configuration_pi0 import PI0Config
from lerobot.policies.pi0.processor_pi0 import Pi0NewLineProcessor
from lerobot.processor import (
    AbsoluteActionsProcessorStep,
    PolicyProcessorPipeline,
    RelativeActionsProcessorStep,
    TokenizerProcessorStep,
    make_default_policy_processor_steps,
    make_policy_processor_pipelines,
)


def make_processors(
    config: PI0Config, statistics: dict[str, dict[str, torch.Tensor]], tokenizer: Path
) -> tuple[
    PolicyProcessorPipeline[dict[str, Any], dict[str, Any]],
    PolicyProcessorPipeline[torch.Tensor, torch.Tensor],
]:
    """Pre- and post-processing for a new policy.

    Args:
        statistics: feature -> "mean" and "std", each of the feature's length; of actions as the
            model sees them, relative to the state where the configuration says so.
        tokenizer: its folder, named by its last part where the pipeline is saved.
    """
    relative = RelativeActionsProcessorStep(
        enabled=config.use_relative_actions, exclude_joints=config.relative_exclude_joints
    )
    absolute = AbsoluteActionsProcessorStep(
        enabled=config.use_relative_actions, relative_step=relative
    )
    steps = make_default_policy_processor_steps(config, statistics)
    tokenize = TokenizerProcessorStep(
        tokenizer_name=str(tokenizer),
        max_length=config.tokenizer_max_length,
        padding_side="right",
        padding="max_length",
    )
    # Saved verbatim: a path of this machine must not end up in the checkpoint.
    tokenize.tokenizer_name = tokenizer.name
    return make_policy_processor_pipelines(
        input_steps=[
            steps.rename_observations,
            steps.add_batch_dim,
            Pi0NewLineProcessor(),
            tokenize,
            steps.to_device,
            relative,
            steps.normalize,
        ],
        output_steps=[steps.unnormalize, absolute, steps.to_cpu],
    )
