"""Trains a pi0_tiny from examples and writes a complete LeRobot checkpoint.

Loss, model, processors and file formats are LeRobot's own; the loop around them is small, seeded
and needs nothing but a CPU.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from lerobot.utils.constants import ACTION

from pi0_ros.core.errors import ConfigurationError, PolicyError
from pi0_ros.policy.demo_tokenizer import save_tokenizer
from pi0_ros.policy.initialisation import scale_to_width
from pi0_ros.policy.manifest import POSTPROCESSOR_FILE, PREPROCESSOR_FILE, write_manifest
from pi0_ros.policy.modeling_pi0_tiny import PI0TinyPolicy
from pi0_ros.policy.small_pi0 import small_pi0
from pi0_ros.policy.tokenizer_folder import TOKENIZER_FOLDER
from pi0_ros.policy.training_processors import make_processors
from pi0_ros.policy.training_samples import TrainingSample, stack

_RECENT = 50


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How to train.

    Attributes:
        seed: of initial weights, order of samples, and noise. The same seed, samples, thread
            count and kind of processor give the same weights.
        steps: optimiser steps.
        batch_size: samples per step.
        learning_rate: the largest; it rises over `warmup_steps` and falls to 0 as a cosine.
        picture_side: pixels of the model's square pictures, a multiple of 14.
        threads: of torch.
    """

    seed: int = 0
    steps: int = 2500
    batch_size: int = 16
    learning_rate: float = 5e-3
    warmup_steps: int = 40
    picture_side: int = 56
    threads: int = 1

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "warmup_steps", "picture_side", "threads"):
            if getattr(self, name) < 1:
                raise ConfigurationError(f"{name}: must be at least 1, got {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """`step` of `steps` done; `loss` is the mean over the last steps."""

    step: int
    steps: int
    loss: float


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What came out: parameters of the model, mean loss of the last steps."""

    parameters: int
    final_loss: float


def train_policy(
    samples: Iterable[TrainingSample],
    folder: Path,
    config: TrainingConfig,
    progress: Callable[[TrainingProgress], None],
) -> TrainingReport:
    """Writes the trained checkpoint into `folder`, which must not exist yet.

    Raises:
        ConfigurationError: the samples do not fit together, or there are too few.
        PolicyError: the training diverged.
    """
    folder.mkdir(parents=True)
    training_set = stack(samples, config.picture_side)
    if len(training_set) < config.batch_size:
        raise ConfigurationError(
            f"training needs at least {config.batch_size} samples, got {len(training_set)}"
        )
    with torch.random.fork_rng(devices=[]), _threads(config.threads):
        torch.manual_seed(config.seed)
        model_config = small_pi0(
            training_set.pictures,
            training_set.picture_size,
            joints=training_set.states.shape[1],
            horizon=training_set.actions.shape[1],
            picture_side=config.picture_side,
            device="cpu",
            push_to_hub=False,
        )
        tokenizer = folder / TOKENIZER_FOLDER
        save_tokenizer(training_set.instructions, model_config.vocabulary, tokenizer)
        before, after = make_processors(model_config, training_set.statistics(), tokenizer)
        policy = PI0TinyPolicy(model_config)
        scale_to_width(policy)
        loss = _optimise(policy, before(training_set.raw_batch()), config, progress)
    policy.save_pretrained(folder)
    before.save_pretrained(folder, config_filename=PREPROCESSOR_FILE)
    after.save_pretrained(folder, config_filename=POSTPROCESSOR_FILE)
    for file in folder.glob("*.safetensors"):
        # Written for the owner alone, which a checkpoint that others install cannot be.
        file.chmod(0o644)
    report = TrainingReport(sum(value.numel() for value in policy.parameters()), loss)
    write_manifest(
        folder,
        demo=True,
        made={**asdict(config), "samples": len(training_set), **asdict(report)},
    )
    return report


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Sums depend on how many threads share them, so the count is part of the recipe."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _optimise(
    policy: PI0TinyPolicy,
    data: dict[str, torch.Tensor],
    config: TrainingConfig,
    progress: Callable[[TrainingProgress], None],
) -> float:
    """Runs the optimiser; the mean loss of the last steps."""
    tensors = {key: value for key, value in data.items() if isinstance(value, torch.Tensor)}
    tensors = {key: value for key, value in tensors.items() if key.startswith(("obs", ACTION))}
    count = len(tensors[ACTION])
    optimiser = torch.optim.AdamW(
        policy.parameters(), lr=config.learning_rate, betas=(0.9, 0.95), weight_decay=0.0
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: (
            min(1.0, (step + 1) / config.warmup_steps)
            * (0.5 + 0.5 * math.cos(math.pi * step / config.steps))
        ),
    )
    losses: list[float] = []
    order = torch.empty(0, dtype=torch.long)
    policy.train()
    for step in range(config.steps):
        if len(order) < config.batch_size:
            order = torch.randperm(count)
        picked, order = order[: config.batch_size], order[config.batch_size :]
        loss, _ = policy.forward({key: value[picked] for key, value in tensors.items()})
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            raise PolicyError(f"training diverged at step {step + 1}: the loss is {losses[-1]}")
        recent = losses[-_RECENT:]
        progress(TrainingProgress(step + 1, config.steps, sum(recent) / len(recent)))
    policy.eval()
    return sum(losses[-_RECENT:]) / len(losses[-_RECENT:])
