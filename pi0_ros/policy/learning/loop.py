"""The training loop: LeRobot's own step, optimiser, schedule, order of frames and state files."""

import itertools
import math
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from lerobot.common.train_utils import load_training_state, save_checkpoint, should_save_checkpoint
from lerobot.configs.train import TrainPipelineConfig
from lerobot.datasets import EpisodeAwareSampler, compute_sampler_state
from lerobot.optim.factory import make_optimizer_and_scheduler
from lerobot.policies.pi0.modeling_pi0 import PI0Policy
from lerobot.scripts.lerobot_train import update_policy
from lerobot.utils.constants import PRETRAINED_MODEL_DIR
from lerobot.utils.logging_utils import AverageMeter, MetricsTracker
from lerobot.utils.random_utils import set_seed
from safetensors.torch import load_model

from pi0_ros.core.errors import PolicyError
from pi0_ros.policy.learning.examples import Examples
from pi0_ros.policy.learning.loss_curve import LossCurve
from pi0_ros.policy.learning.recipe import Jitter
from pi0_ros.policy.learning.run_folder import RunFolder
from pi0_ros.policy.manifest import WEIGHTS_FILE

_MIXED_PRECISION = {"bfloat16": "bf16", "float16": "fp16"}


@dataclass(frozen=True, slots=True)
class Progress:
    """`step` of `steps` done; `loss` is the mean of the last ones; `per_s` steps a second."""

    step: int
    steps: int
    loss: float
    per_s: float


@dataclass(frozen=True, slots=True)
class Watch:
    """Who looks on.

    Attributes:
        progress: called after each step.
        stop_wanted: asked after each step; the state is saved first where it says yes.
    """

    progress: Callable[[Progress], None]
    stop_wanted: Callable[[], bool]


@contextmanager
def seeded(seed: int, threads: int) -> Iterator[None]:
    """Within: every generator starts from `seed`, torch computes with `threads`.

    Afterwards all are as they were before.
    """
    python, legacy, count = random.getstate(), np.random.get_state(), torch.get_num_threads()  # noqa: NPY002
    devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=list(devices)):
        set_seed(seed)
        torch.set_num_threads(threads)
        try:
            yield
        finally:
            torch.set_num_threads(count)
            random.setstate(python)
            np.random.set_state(legacy)  # noqa: NPY002


def optimise(
    policy: PI0Policy,
    examples: Examples,
    pipeline: TrainPipelineConfig,
    jitter: Jitter,
    run: RunFolder,
    resume: Path | None,
    dress: Callable[[Path], None],
    watch: Watch,
) -> LossCurve:
    """Trains `policy` in place; shorter than planned where `watch` wants a stop.

    Args:
        pipeline: LeRobot's description of the run.
        run: where states go.
        resume: a state of `run` to go on from.
        dress: adds to a saved policy's folder what LeRobot does not save there.

    Raises:
        PolicyError: the loss is not finite any more.
    """
    device = torch.device(policy.config.device)
    accelerator = Accelerator(
        cpu=device.type == "cpu",
        mixed_precision=_MIXED_PRECISION.get(policy.config.dtype, "no"),
        step_scheduler_with_optimizer=False,
    )
    optimizer, scheduler = make_optimizer_and_scheduler(pipeline, policy)
    done, curve = 0, LossCurve()
    if resume is not None:
        load_model(policy, resume / PRETRAINED_MODEL_DIR / WEIGHTS_FILE)
        done, optimizer, scheduler = load_training_state(resume, optimizer, scheduler)
        curve = LossCurve.read(run.losses, done)
    policy, optimizer, scheduler = accelerator.prepare(policy, optimizer, scheduler)
    meters = {name: AverageMeter(name) for name in ("loss", "grad_norm", "lr", "update_s")}
    if torch.cuda.is_available():
        meters["gpu_mem_gb"] = AverageMeter("gpu_mem_gb")
    batch_size = pipeline.batch_size
    tracker = MetricsTracker(
        batch_size, len(examples), len(examples.episode_ends), meters, done, accelerator
    )

    def save(step: int) -> None:
        def write(folder: Path) -> None:
            save_checkpoint(
                folder,
                step,
                pipeline,
                accelerator.unwrap_model(policy),
                optimizer,
                scheduler,
                num_processes=1,
                batch_size=batch_size,
            )
            dress(folder / PRETRAINED_MODEL_DIR)

        # First, so that there are never fewer losses than the newest state has steps.
        curve.write(run.losses)
        run.save(step, pipeline.steps, write)

    batches = _batches(examples, batch_size, pipeline.seed, done)
    began, first = time.monotonic(), done
    for step in range(done + 1, pipeline.steps + 1):
        batch = examples.batch(next(batches), device, jitter, (pipeline.seed, step))
        update_policy(
            tracker,
            policy,
            batch,
            optimizer,
            pipeline.optimizer.grad_clip_norm,
            accelerator=accelerator,
            lr_scheduler=scheduler,
        )
        loss = meters["loss"].val
        if not math.isfinite(loss):
            raise PolicyError(
                f"training diverged at step {step}: the loss is {loss}; lower --learning-rate, and "
                "look at the dataset for values that cannot be"
            )
        curve.add(loss, meters["lr"].val, meters["grad_norm"].val)
        per_s = (step - first) / max(time.monotonic() - began, 1e-9)
        watch.progress(Progress(step, pipeline.steps, curve.recent, per_s))
        stop = watch.stop_wanted()
        if stop or should_save_checkpoint(step, pipeline.save_freq, pipeline.steps):
            save(step)
        if stop:
            break
    policy.eval()
    return curve


def _batches(
    examples: Examples, batch_size: int, seed: int | None, done: int
) -> Iterator[list[int]]:
    """Rows of each step's batch, from the step after `done` on, for ever."""
    ends = examples.episode_ends.tolist()
    sampler = EpisodeAwareSampler([0, *ends[:-1]], ends, shuffle=True, seed=seed or 0)
    sampler.load_state_dict(compute_sampler_state(done, len(sampler), batch_size, 1))
    while True:
        order = iter(sampler)
        while rows := list(itertools.islice(order, batch_size)):
            yield rows
