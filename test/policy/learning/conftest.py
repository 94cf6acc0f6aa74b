"""A small dataset and one training on it, which every test of this folder may look at."""

from collections.abc import Callable
from pathlib import Path

import pytest
from contracts.small_dataset import write_dataset

from pi0_ros.policy.learning.recipe import ModelSizes, Recipe
from pi0_ros.policy.learning.recording import Recording, open_recording
from pi0_ros.policy.learning.run_folder import RunFolder
from pi0_ros.policy.learning.train import Trained, TrainingJob, finish, train

RECIPE = Recipe(
    steps=24,
    batch_size=8,
    learning_rate=5e-3,
    warmup_steps=3,
    horizon=6,
    picture_side=28,
    sizes=ModelSizes(depth=1, vision_depth=1, width=32, expert_width=32, vision_width=16),
)


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("datasets") / "small")


@pytest.fixture(scope="session")
def recorded(dataset: Path) -> Recording:
    return open_recording(dataset)


@pytest.fixture
def job_for(dataset: Path) -> Callable[..., TrainingJob]:
    return lambda run, **changes: make_job(dataset, run, **changes)


def make_job(dataset: Path, run: Path, **changes: object) -> TrainingJob:
    values: dict[str, object] = {
        "dataset": dataset,
        "name": "small",
        "run": RunFolder(run),
        "recipe": RECIPE,
        "device": "cpu",
        "base": None,
        "held_out": 0,
        "demo": False,
        "save_every": 8,
        "keep_pictures": None,
        "resume": False,
        "replace": False,
        "command": "pi0 train --dataset small --output small",
    }
    return TrainingJob(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def done(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingJob, Trained]:
    """A training that nothing interrupted. Never change what is in its folder: copy it."""
    job = make_job(dataset, tmp_path_factory.mktemp("done") / "small.run")
    return job, train(job, lambda _: None, lambda _: None, lambda: False)


@pytest.fixture(scope="session")
def finished(done: tuple[TrainingJob, Trained], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of it. Never change it."""
    folder = tmp_path_factory.mktemp("finished") / "small"
    finish(*done, folder)
    return folder
