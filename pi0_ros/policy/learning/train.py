"""From a dataset's folder to a finished checkpoint."""

import json
import shutil
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import lerobot
import numpy as np
import torch
from lerobot.configs.default import DatasetConfig
from lerobot.configs.train import TrainPipelineConfig
from lerobot.utils.constants import PRETRAINED_MODEL_DIR
from numpy.typing import NDArray

from pi0_ros.core.errors import CheckpointError, ConfigurationError
from pi0_ros.policy.device import choose_device
from pi0_ros.policy.initialisation import whiten_patches
from pi0_ros.policy.learning.examples import Examples
from pi0_ros.policy.learning.fused_attention import fused_attention
from pi0_ros.policy.learning.kept_pictures import kept_or_shrunk
from pi0_ros.policy.learning.loop import Progress, Watch, optimise, seeded
from pi0_ros.policy.learning.loss_curve import PICTURE_FILE
from pi0_ros.policy.learning.model_card import ModelCard
from pi0_ros.policy.learning.pictures import shrunk_pictures
from pi0_ros.policy.learning.recipe import Recipe
from pi0_ros.policy.learning.recording import Recording, episode_count, open_recording
from pi0_ros.policy.learning.run_folder import RunFolder
from pi0_ros.policy.learning.shares import Shares, shares_of
from pi0_ros.policy.learning.start import Start, prepare
from pi0_ros.policy.manifest import (
    CONFIG_FILE,
    POSTPROCESSOR_FILE,
    PREPROCESSOR_FILE,
    WEIGHTS_FILE,
    file_sha256,
    write_manifest,
)
from pi0_ros.policy.tokenizer_folder import TOKENIZER_FOLDER

# It names folders of this machine: kept with the run, not in the checkpoint.
_TRAIN_CONFIG = "train_config.json"


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """What to train on, how, and where to.

    Attributes:
        dataset: folder of a LeRobotDataset.
        name: of the checkpoint.
        run: folder for states and losses; there before only with `resume` or `replace`.
        recipe: how.
        device: "auto", "cpu" or "cuda".
        base: checkpoint of LeRobot to fine-tune; None: a new pi0_tiny.
        held_out: so many episodes at the end are not learnt from.
        demo: whether the checkpoint is for the package's own simulated arm only.
        save_every: steps between states; 0: only at the end.
        keep_pictures: folder that keeps shrunk pictures for the next training; None: none does.
        resume: whether to go on from the newest state.
        replace: whether a run that is there already goes, once nothing speaks against this one.
        command: the command line, for the model card.
    """

    dataset: Path
    name: str
    run: RunFolder
    recipe: Recipe
    device: str
    base: Path | None
    held_out: int
    demo: bool
    save_every: int
    keep_pictures: Path | None
    resume: bool
    replace: bool
    command: str


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """How far it got.

    Attributes:
        recording: what it learnt from.
        step: steps done of the recipe's; fewer where a stop was wanted.
        loss: mean of the last steps.
        shares: of the dataset.
        parameters: of the model.
        reading_s, training_s: wall time of this process.
        steps_per_s: of this process.
        checkpoint: a complete checkpoint as of `step`, inside the run's folder.
    """

    recording: Recording
    step: int
    loss: float
    shares: Shares
    parameters: int
    reading_s: float
    training_s: float
    steps_per_s: float
    checkpoint: Path


def train(
    job: TrainingJob,
    say: Callable[[str], None],
    progress: Callable[[Progress], None],
    stop_wanted: Callable[[], bool],
) -> Trained:
    """Trains until done or `stop_wanted`; what comes out is in the run's folder.

    Raises:
        ConfigurationError: dataset, recipe, base or run cannot work.
        CheckpointError: the base is no usable checkpoint of a Pi0.
        PolicyError: the training diverged.
        KeyboardInterrupt: `stop_wanted` while there was nothing to save yet.
    """
    recipe, device = job.recipe, choose_device(job.device)
    total = episode_count(job.dataset)
    if job.held_out >= total:
        raise ConfigurationError(
            f"held_out: {job.held_out} of the {total} episodes of {job.dataset} leave none to "
            "learn from; set --hold-out lower"
        )
    recording = open_recording(job.dataset, range(total - job.held_out))
    plan = _plan(job, recording)
    if job.resume:
        job.run.check_plan(plan)
    state = job.run.latest() if job.resume else None
    first = 0 if state is None else int(state.name)
    with seeded(recipe.seed, recipe.threads), TemporaryDirectory() as workshop:
        start = prepare(recording, recipe, job.base, device, Path(workshop))
        began = time.monotonic()

        def reading(number: int, count: int) -> None:
            say(f"reading: frame {number}/{count}")
            if stop_wanted():
                raise KeyboardInterrupt

        rows = start.rows.tolist()
        side = start.config.image_resolution[0]
        if job.keep_pictures is None:
            pictures = shrunk_pictures(recording, rows, side, reading)
        else:
            pictures = kept_or_shrunk(recording, rows, side, reading, job.keep_pictures)
        if job.base is None:
            whiten_patches(start.policy, pictures.values())
        examples = Examples(pictures, start.others, _lengths(recording.episodes[start.rows]))
        read = time.monotonic()
        say(f"training: step {first}/{recipe.steps}")
        if not job.resume:
            job.run.begin(plan, job.replace)

        def dress(folder: Path) -> None:
            _dress(start, folder)
            write_manifest(folder, job.demo, {"unfinished": True, **plan})

        with fused_attention() if recipe.attention == "fused" else nullcontext():
            curve = optimise(
                start.policy,
                examples,
                _pipeline(job, start),
                recipe.jitter,
                job.run,
                state,
                dress,
                Watch(progress, stop_wanted),
            )
    took, step = time.monotonic() - read, len(curve.rows)
    curve.draw(job.run.path / PICTURE_FILE, job.name)
    return Trained(
        recording=recording,
        step=step,
        loss=curve.recent,
        shares=shares_of(recording, len(rows)),
        parameters=sum(value.numel() for value in start.policy.parameters()),
        reading_s=round(read - began, 2),
        training_s=round(took, 2),
        steps_per_s=round((step - first) / took, 3),
        checkpoint=job.run.step_folder(step, recipe.steps) / PRETRAINED_MODEL_DIR,
    )


def finish(job: TrainingJob, trained: Trained, folder: Path) -> None:
    """Copies a trained policy into `folder`, which must not exist, with its card and manifest."""
    shutil.copytree(trained.checkpoint, folder)
    (folder / _TRAIN_CONFIG).unlink()
    recording = trained.recording
    config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    made = {
        "by": "pi0 train",
        **_plan(job, recording),
        **trained.shares.entries(),
        "action_rate_hz": recording.fps,
        "joint_names": list(recording.joint_names),
        "parameters": trained.parameters,
        "final_loss": trained.loss,
        "lerobot": lerobot.__version__,
        "torch": torch.__version__,
    }
    ModelCard(
        name=job.name,
        kind=config["type"],
        base=None if job.base is None else job.base.resolve().name,
        dataset=recording.name,
        tasks=tuple(sorted(set(recording.tasks))),
        facts=_facts(job, trained, config),
        config=config,
        command=job.command,
        demo=job.demo,
    ).write(folder)
    write_manifest(folder, job.demo, made)


def _plan(job: TrainingJob, recording: Recording) -> dict[str, object]:
    """What must be the same for a training to be resumed, and to be repeated."""
    base = None
    if job.base is not None:
        if not (job.base / WEIGHTS_FILE).is_file():
            raise CheckpointError(
                f"--policy-path {job.base}: no {WEIGHTS_FILE} there; expected a checkpoint of "
                "LeRobot on this disk"
            )
        base = {"name": job.base.resolve().name, "sha256": file_sha256(job.base / WEIGHTS_FILE)}
    return {
        "dataset": recording.name,
        "dataset_sha256": recording.fingerprint,
        "held_out": job.held_out,
        "base": base,
        "recipe": asdict(job.recipe),
    }


def _lengths(episodes: NDArray[np.int64]) -> list[int]:
    """Frames of each episode, from the episode of each frame."""
    return np.unique(episodes, return_counts=True)[1].tolist()


def _pipeline(job: TrainingJob, start: Start) -> TrainPipelineConfig:
    """The run as LeRobot describes it."""
    config = start.config
    return TrainPipelineConfig(
        dataset=DatasetConfig(repo_id=f"local/{job.dataset.name}", root=str(job.dataset)),
        policy=config,
        output_dir=job.run.path,
        job_name=job.name,
        seed=job.recipe.seed,
        num_workers=0,
        batch_size=job.recipe.batch_size,
        steps=job.recipe.steps,
        save_freq=job.save_every,
        optimizer=config.get_optimizer_preset(),
        scheduler=config.get_scheduler_preset(),
    )


def _dress(start: Start, folder: Path) -> None:
    start.before.save_pretrained(folder, config_filename=PREPROCESSOR_FILE)
    start.after.save_pretrained(folder, config_filename=POSTPROCESSOR_FILE)
    shutil.copytree(start.tokenizer, folder / TOKENIZER_FOLDER)
    for file in folder.glob("*.safetensors"):
        # Written for the owner alone, which a checkpoint that others install cannot be.
        file.chmod(0o644)


def _facts(job: TrainingJob, trained: Trained, config: dict[str, object]) -> dict[str, object]:
    recipe, recording = job.recipe, trained.recording
    height, width = recording.picture_size
    lengths = recording.episode_lengths
    episodes, frames = trained.shares.episodes, trained.shares.frames
    return {
        "Dataset": f"`{recording.name}`, {episodes.dataset} episodes, {frames.dataset} frames at "
        f"{recording.fps} Hz",
        "Learnt from": f"{episodes.learnt_from} episodes ({min(lengths)} to {max(lengths)} frames "
        f"each), {frames.learnt_from} of their {len(recording)} frames",
        "Held out": f"{episodes.held_out} episodes, {frames.held_out} frames",
        "Pictures": f"{len(recording.cameras)} of {width}x{height}, shrunk to "
        f"{config['image_resolution']}",
        "Chunk": f"{config['chunk_size']} rows",
        "Parameters": f"{trained.parameters / 1e6:.2f} M",
        "Steps": f"{trained.step}, batch {recipe.batch_size}",
        "Optimiser": f"AdamW, learning rate {recipe.learning_rate:g} after "
        f"{recipe.warmup_steps} steps, cosine to {recipe.final_learning_rate:g}, weight decay "
        f"{recipe.weight_decay:g}",
        "Jitter": asdict(recipe.jitter) if recipe.jitter else "none",
        "Seed": recipe.seed,
        "Loss": f"{trained.loss:.4f} (flow matching, mean of the last 50 steps)",
        "Libraries": f"LeRobot {lerobot.__version__}, torch {torch.__version__}",
    }
