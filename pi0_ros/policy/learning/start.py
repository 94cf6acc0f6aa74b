"""What training starts from: a new small Pi0, or a checkpoint of LeRobot to fine-tune."""

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lerobot.policies.pi0.configuration_pi0 import PI0Config
from lerobot.policies.pi0.modeling_pi0 import PI0Policy
from lerobot.utils.constants import ACTION, OBS_STATE
from numpy.typing import NDArray
from transformers import AutoTokenizer

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.policy.checkpoint_config import policy_class, read_config
from pi0_ros.policy.configuration_pi0_tiny import PI0TinyConfig
from pi0_ros.policy.demo_tokenizer import save_tokenizer
from pi0_ros.policy.initialisation import scale_to_width
from pi0_ros.policy.learning.recipe import Recipe
from pi0_ros.policy.learning.recording import Recording
from pi0_ros.policy.manifest import WEIGHTS_FILE
from pi0_ros.policy.safetensors_header import read_header
from pi0_ros.policy.small_pi0 import small_pi0
from pi0_ros.policy.tokenizer_folder import TOKENIZER_FOLDER, find_tokenizer
from pi0_ros.policy.training_processors import make_processors
from pi0_ros.policy.training_samples import statistics_of
from pi0_ros.policy.weights import check_finite, read_weights

# So that words which later tasks may bring are not spelled in bytes.
SPARE_WORDS = (
    "pick up the cube and place it in the box",
    "move over to the left right front back of the block",
    "reach touch push pull grasp lift lower hold release stop above below next near",
    "red green blue yellow orange purple black white grey small large",
)
_DEFAULT_HORIZON = 50
# As statistics.py refuses it when a checkpoint is loaded.
_SMALLEST_SPREAD = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """A policy before its first step, and what goes with it.

    Attributes:
        policy: on its device.
        before, after: pre- and post-processing with the recording's statistics.
        rows: the recording's frames that are learnt from.
        others: what the model takes beside pictures: states, actions, tokens; first axis: `rows`.
        tokenizer: its folder.
    """

    policy: PI0Policy
    before: Any
    after: Any
    rows: NDArray[np.int64]
    others: dict[str, torch.Tensor]
    tokenizer: Path

    @property
    def config(self) -> PI0Config:
        """The policy's configuration."""
        return self.policy.config


def prepare(
    recording: Recording, recipe: Recipe, base: Path | None, device: torch.device, workshop: Path
) -> Start:
    """Everything but the pictures; draws initial weights from torch's global generator.

    Args:
        base: a checkpoint of LeRobot to fine-tune; None: a new pi0_tiny.
        workshop: an existing folder for the tokenizer.

    Raises:
        ConfigurationError: recording and policy do not fit together, or not the recipe.
        CheckpointError: the base is no usable checkpoint of a Pi0.
    """
    tokenizer = workshop / TOKENIZER_FOLDER
    if base is None:
        config: PI0Config = _new_config(recording, recipe)
        vocabulary = recipe.sizes.vocabulary
        save_tokenizer([*recording.tasks, *SPARE_WORDS], vocabulary, tokenizer)
    else:
        config = read_config(base, str(device))
        _check_fits(config, recording, recipe, base)
        shutil.copytree(find_tokenizer(base, None, None), tokenizer)
    config.device = str(device)
    config.push_to_hub = False
    config.pretrained_path = None
    config.optimizer_lr = recipe.learning_rate
    config.optimizer_weight_decay = recipe.weight_decay
    config.scheduler_warmup_steps = recipe.warmup_steps
    config.scheduler_decay_steps = recipe.steps
    config.scheduler_decay_lr = recipe.final_learning_rate
    _check_texts(recording, config, tokenizer)
    _check_length(recording, config.chunk_size)
    rows = recording.learnt_rows(
        config.chunk_size, recipe.still_share, recipe.still_rad, recipe.seed
    )
    if len(rows) < recipe.batch_size:
        raise ConfigurationError(
            f"batch_size: {recipe.batch_size} is more than the {len(rows)} frames to learn from, "
            f"of {len(recording)}; record more, set --batch-size, or --still-share higher"
        )
    states = torch.from_numpy(recording.states[rows])
    actions = torch.from_numpy(recording.chunks(config.chunk_size)[rows])
    statistics = statistics_of(states, actions, config.use_relative_actions)
    _check_spread(statistics, recording)
    before, after = make_processors(config, statistics, tokenizer)
    ready = before({OBS_STATE: states, ACTION: actions, "task": [recording.tasks[i] for i in rows]})
    policy = policy_class(config)(config)
    if base is None:
        scale_to_width(policy)
    else:
        _load(policy, base)
    others = {
        key: value
        for key, value in ready.items()
        if isinstance(value, torch.Tensor) and key.startswith(("observation.", ACTION))
    }
    return Start(policy, before, after, rows, others, tokenizer)


def _new_config(recording: Recording, recipe: Recipe) -> PI0TinyConfig:
    return small_pi0(
        recording.cameras,
        recording.picture_size,
        joints=recording.states.shape[1],
        horizon=recipe.horizon or _DEFAULT_HORIZON,
        picture_side=recipe.picture_side,
        tokenizer_max_length=recipe.text_length,
        **asdict(recipe.sizes),
    )


def _check_fits(config: PI0Config, recording: Recording, recipe: Recipe, base: Path) -> None:
    joints = recording.states.shape[1]
    for key, feature in ((OBS_STATE, config.robot_state_feature), (ACTION, config.action_feature)):
        if feature is None or tuple(feature.shape) != (joints,):
            raise ConfigurationError(
                f"{base}: {key} has shape {feature and list(feature.shape)}, the dataset's arm has "
                f"{joints} joints"
            )
    if set(config.image_features) != set(recording.cameras):
        raise ConfigurationError(
            f"{base}: takes the pictures {', '.join(config.image_features)}, the dataset has "
            f"{', '.join(recording.cameras)}"
        )
    if config.relative_exclude_joints and config.use_relative_actions:
        raise ConfigurationError(
            f"{base}: keeps some joints absolute (relative_exclude_joints), which training here "
            "does not know; fine-tune it with LeRobot's own script"
        )
    if recipe.horizon not in (None, config.chunk_size):
        raise ConfigurationError(
            f"horizon: {base} gives chunks of {config.chunk_size} rows, got {recipe.horizon}; "
            "leave --horizon out"
        )


def _check_length(recording: Recording, horizon: int) -> None:
    longest = max(recording.episode_lengths)
    if horizon > longest:
        raise ConfigurationError(
            f"horizon: a chunk of {horizon} rows is longer than every episode of the dataset (the "
            f"longest has {longest} frames); set --horizon to {longest} or less"
        )


def _check_texts(recording: Recording, config: PI0Config, tokenizer: Path) -> None:
    """A longer text would be cut without a word."""
    reader = AutoTokenizer.from_pretrained(tokenizer)
    for task in sorted(set(recording.tasks)):
        length = len(reader(f"{task}\n")["input_ids"])
        if length > config.tokenizer_max_length:
            raise ConfigurationError(
                f"text_length: the instruction {task!r} has {length} tokens, more than the "
                f"{config.tokenizer_max_length} that the policy reads; set --text-length for a new "
                "policy"
            )


def _check_spread(statistics: dict[str, dict[str, torch.Tensor]], recording: Recording) -> None:
    still = torch.nonzero(~(statistics[ACTION]["std"] >= _SMALLEST_SPREAD)).flatten().tolist()
    if still:
        names = recording.joint_names
        raise ConfigurationError(
            "dataset: the actions never lead away from the state at joint "
            f"{', '.join(names[i] if names else str(i) for i in still)}; was the state recorded as "
            "the action?"
        )


def _load(policy: PI0Policy, base: Path) -> None:
    weights = base / WEIGHTS_FILE
    tensors = read_weights(policy, weights, read_header(weights))
    for name, value in tensors.items():
        check_finite(name, value, weights)
    policy.load_state_dict(tensors, strict=True)
