"""A training learns, can be interrupted, and ends in a checkpoint that the bridge loads."""

import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from pi0_ros.core.errors import CheckpointError, ConfigurationError, PolicyError
from pi0_ros.policy.learning.loss_curve import LossCurve
from pi0_ros.policy.learning.proof import prove
from pi0_ros.policy.learning.recording import Recording
from pi0_ros.policy.learning.train import Trained, TrainingJob, finish, train
from pi0_ros.policy.manifest import WEIGHTS_FILE, file_sha256

Done = tuple[TrainingJob, Trained]
Make = Callable[..., TrainingJob]
DEMO = Path(__file__).parents[3] / "checkpoints" / "demo"


def quietly(job: TrainingJob, stop_at: int | None = None) -> Trained:
    at = [0]

    def progress(now: object) -> None:
        at[0] = now.step  # type: ignore[attr-defined]

    return train(job, lambda _: None, progress, lambda: at[0] == stop_at)


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_loss_falls_and_stays_finite(done: Done) -> None:
    job, trained = done
    losses = [row[0] for row in LossCurve.read(job.run.losses, trained.step).rows]
    assert len(losses) == job.recipe.steps
    assert all(math.isfinite(loss) for loss in losses)
    assert np.mean(losses[-6:]) < 0.7 * np.mean(losses[:6])
    assert (job.run.path / "loss.png").read_bytes().startswith(b"\x89PNG")


def test_stopped_and_resumed_it_ends_with_the_very_weights_of_an_uninterrupted_run(
    done: Done, job_for: Make, tmp_path: Path
) -> None:
    state = torch.random.get_rng_state()
    stopped = quietly(job_for(tmp_path / "run"), stop_at=11)
    assert stopped.step == 11
    # What a kill in the midst of saving leaves behind.
    (tmp_path / "run" / "checkpoints" / ".000016.1").mkdir()
    resumed = quietly(job_for(tmp_path / "run", resume=True))
    assert resumed.step == done[1].step
    assert file_sha256(resumed.checkpoint / WEIGHTS_FILE) == file_sha256(
        done[1].checkpoint / WEIGHTS_FILE
    )
    assert (tmp_path / "run" / "loss.csv").read_text() == done[0].run.losses.read_text()
    assert torch.equal(torch.random.get_rng_state(), state)


def test_only_the_same_training_is_resumed(done: Done, job_for: Make, tmp_path: Path) -> None:
    job = done[0]
    slower = dataclasses.replace(job.recipe, learning_rate=1e-3)
    with pytest.raises(ConfigurationError, match=r"recipe.learning_rate 0.005, now it is 0.001"):
        quietly(job_for(job.run.path, resume=True, recipe=slower))
    with pytest.raises(ConfigurationError, match="no training was begun"):
        quietly(job_for(tmp_path / "none", resume=True))


def test_the_checkpoint_has_the_layout_of_the_one_that_ships_and_a_card(
    done: Done, finished: Path
) -> None:
    assert names(finished) == names(DEMO) | {"README.md"}
    manifest = json.loads((finished / "pi0_ros_manifest.json").read_text())
    assert manifest["demo"] is False
    assert manifest["made"]["recipe"]["steps"] == done[0].recipe.steps
    assert set(manifest["sha256"]) == names(finished) - {"pi0_ros_manifest.json"}
    for path in finished.rglob("*"):
        if path.is_file():
            assert str(done[0].run.path.parent).encode() not in path.read_bytes(), path


def test_card_and_manifest_tell_the_dataset_from_what_was_learnt_from_it(
    job_for: Make, tmp_path: Path
) -> None:
    recipe = dataclasses.replace(job_for(tmp_path).recipe, steps=2, warmup_steps=1)
    # No frame gets as far as that, so a half of them, drawn at random, is learnt from.
    recipe = dataclasses.replace(recipe, still_share=0.5, still_rad=9.0)
    job = job_for(tmp_path / "run", recipe=recipe, held_out=1)
    trained = quietly(job)
    finish(job, trained, tmp_path / "made")
    learnt = trained.shares.frames.learnt_from
    assert 8 <= learnt < 21
    card = (tmp_path / "made" / "README.md").read_text()
    for line in (
        "| Dataset | `small`, 3 episodes, 33 frames at 10 Hz |",
        f"| Learnt from | 2 episodes (9 to 12 frames each), {learnt} of their 21 frames |",
        "| Held out | 1 episodes, 12 frames |",
    ):
        assert line in card
    made = json.loads((tmp_path / "made" / "pi0_ros_manifest.json").read_text())["made"]
    assert made["episodes"] == {"dataset": 3, "learnt_from": 2, "held_out": 1}
    assert made["frames"] == {"dataset": 33, "learnt_from": learnt, "held_out": 12}


def test_both_engines_load_it_and_agree_and_it_reloads_bit_for_bit(
    finished: Path, recorded: Recording
) -> None:
    first, second = (prove(finished, recorded, demo=False, threads=1, count=3) for _ in range(2))
    assert first == second
    assert first.frames == 3
    assert 0 < first.error_rad < 10


def test_a_state_on_the_way_is_a_checkpoint_of_its_own(done: Done, recorded: Recording) -> None:
    half = done[0].run.step_folder(8, done[0].recipe.steps) / "pretrained_model"
    assert prove(half, recorded, demo=False, threads=1, count=1).frames == 1


def test_a_diverging_training_stops_and_saves_nothing(job_for: Make, tmp_path: Path) -> None:
    recipe = dataclasses.replace(job_for(tmp_path).recipe, learning_rate=1e20, warmup_steps=0)
    job = job_for(tmp_path / "run", recipe=recipe, save_every=1)
    with pytest.raises(PolicyError, match=r"diverged at step \d+: the loss is (nan|inf)"):
        quietly(job)
    for weights in (tmp_path / "run").rglob("model.safetensors"):
        assert int(weights.parents[1].name) < 3


def test_fine_tuning_begins_where_the_checkpoint_ended(
    done: Done, finished: Path, job_for: Make, tmp_path: Path
) -> None:
    recipe = dataclasses.replace(
        done[0].recipe, steps=4, warmup_steps=1, learning_rate=1e-4, horizon=None, seed=3
    )
    tuned = quietly(job_for(tmp_path / "run", recipe=recipe, base=finished, demo=True))
    scratch = quietly(job_for(tmp_path / "scratch", recipe=dataclasses.replace(recipe, horizon=6)))
    assert tuned.loss < 0.7 * scratch.loss
    finish(
        job_for(tmp_path / "run", recipe=recipe, base=finished, demo=True), tuned, tmp_path / "t"
    )
    assert prove(tmp_path / "t", tuned.recording, demo=True, threads=1, count=1).frames == 1
    assert "fine-tuned from `small`" in (tmp_path / "t" / "README.md").read_text()


def test_a_checkpoint_that_does_not_fit_is_not_fine_tuned(
    finished: Path, job_for: Make, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=r"chunks of 6 rows, got 7"):
        quietly(
            job_for(
                tmp_path / "run",
                base=finished,
                recipe=dataclasses.replace(job_for(tmp_path).recipe, horizon=7),
            )
        )
    with pytest.raises(ConfigurationError, match=r"shape \[6\], the dataset's arm has 3 joints"):
        quietly(job_for(tmp_path / "run", base=DEMO))
    with pytest.raises(CheckpointError, match=r"--policy-path .*none: no model\.safetensors"):
        quietly(job_for(tmp_path / "run", base=tmp_path / "none"))


def test_what_cannot_be_learnt_is_refused_and_leaves_nothing(job_for: Make, tmp_path: Path) -> None:
    recipe = job_for(tmp_path).recipe
    for change, words in (
        ({"horizon": 13}, r"chunk of 13 rows is longer than every episode .* 12 frames"),
        ({"batch_size": 34}, r"34 is more than the 33 frames to learn from"),
        ({"still_share": 0.0, "still_rad": 9.0}, r"8 is more than the 0 frames to learn from"),
        ({"text_length": 3}, r"'go to the .* block' has \d+ tokens, more than the 3"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            quietly(job_for(tmp_path / "run", recipe=dataclasses.replace(recipe, **change)))
    with pytest.raises(
        ConfigurationError, match=r"3 of the 3 episodes .* leave none to learn from"
    ):
        quietly(job_for(tmp_path / "run", held_out=3))
    assert not (tmp_path / "run").exists()
