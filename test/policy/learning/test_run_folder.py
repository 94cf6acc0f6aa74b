"""States appear whole or not at all."""

from pathlib import Path

import pytest

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.policy.learning.loss_curve import LossCurve
from pi0_ros.policy.learning.run_folder import RunFolder


def fill(folder: Path) -> None:
    (folder / "training_state").mkdir()
    (folder / "pretrained_model").mkdir()


def test_the_latest_state_is_the_one_after_the_most_steps(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.begin({"recipe": {}})
    assert run.latest() is None
    for step in (5, 100, 20):
        run.save(step, 100, fill)
    assert run.latest() == run.step_folder(100, 100)


def test_a_state_that_fails_half_way_is_not_there(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")

    def fail(folder: Path) -> None:
        fill(folder)
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space"):
        run.save(5, 100, fail)
    assert run.latest() is None
    assert list((tmp_path / "run" / "checkpoints").iterdir()) == []


def test_another_plan_is_refused_by_its_first_difference(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.begin({"dataset": "a", "recipe": {"seed": 1, "shape": (1, 2)}})
    run.check_plan({"dataset": "a", "recipe": {"seed": 1, "shape": (1, 2)}})
    with pytest.raises(ConfigurationError, match=r"recipe\.seed 1, now it is 2"):
        run.check_plan({"dataset": "a", "recipe": {"seed": 2, "shape": (1, 2)}})
    (run.path / "run.json").write_text("{")
    with pytest.raises(ConfigurationError, match="damaged"):
        run.check_plan({})


def test_losses_come_back_as_they_went(tmp_path: Path) -> None:
    curve = LossCurve()
    for step in range(3):
        curve.add(1 / (step + 3), 1e-3 / 7, 0.1 * step)
    curve.write(tmp_path / "loss.csv")
    assert LossCurve.read(tmp_path / "loss.csv", 2).rows == curve.rows[:2]
    with pytest.raises(ConfigurationError, match="expected 4 steps, got 3"):
        LossCurve.read(tmp_path / "loss.csv", 4)
