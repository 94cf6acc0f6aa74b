"""What is kept of simulated demonstrations, and what is said."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pi0_ros.cli.main import main
from pi0_ros.cli.record import simulated
from pi0_ros.core.errors import DatasetError
from pi0_ros.core.observation import Observation
from pi0_ros.policy.dataset.layout import DatasetLayout
from pi0_ros.policy.dataset.reader import recorded_samples
from pi0_ros.policy.dataset.writer import DatasetWriter
from pi0_ros.sim.reach.scenes import drawn_scene
from pi0_ros.sim.reach.shown import Scenes, Starts

JOINTS = ("a", "b")


class Shown:
    """Three frames of nothing; each number that three divides fails."""

    def __init__(
        self, seed: int, number: int, fps: int, scenes: Scenes, starts: Starts | None
    ) -> None:
        del fps, scenes, starts
        self._value = 100.0 * seed + number
        self.reached = number % 3 != 0
        self.outcome = "reached" if self.reached else "not on the block"

    def frames(self) -> Iterator[SimpleNamespace]:
        for step in range(3):
            at = np.array([self._value, step])
            picture = np.zeros((32, 32, 3), dtype=np.uint8)
            observation = Observation(step, {"main": picture}, at, "go")
            yield SimpleNamespace(observation=observation, command=at + 1.0)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    layout = DatasetLayout(10, {"main": "observation.images.main"}, JOINTS, (32, 32), "png")
    monkeypatch.setattr(simulated, "shown_reach", Shown)
    monkeypatch.setattr(simulated, "simulated_layout", lambda *_: layout)


def command(output: Path, *more: str) -> list[str]:
    return ["record", "--expert", "reach", "--output", str(output), *more]


def test_failed_demonstrations_are_left_out_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(tmp_path / "set", "--episodes", "3", "--seed", "1")) == 0
    said = capsys.readouterr()
    assert "2 failed demonstrations were left out" in said.out
    assert "3 episodes, 9 frames" in said.out
    assert "demonstration 1 left out: not on the block" in said.err
    begins = [sample.positions for sample in recorded_samples(tmp_path / "set", horizon=1)][::3]
    assert [at.tolist() for at in begins] == [[101.0, 0.0], [102.0, 0.0], [104.0, 0.0]]


def test_ctrl_c_keeps_what_is_finished_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted(Shown):
        def frames(self) -> Iterator[SimpleNamespace]:
            for frame in super().frames():
                yield frame
                if self._value == 2.0:
                    raise KeyboardInterrupt

    monkeypatch.setattr(simulated, "shown_reach", Interrupted)
    assert main(command(tmp_path / "set", "--episodes", "9")) == 130
    said = capsys.readouterr().out
    assert "an unfinished episode of 1 frames was left out" in said
    assert "1 episodes, 3 frames" in said
    assert len(list(recorded_samples(tmp_path / "set", horizon=1))) == 3


def test_an_expert_that_fails_always_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulated, "shown_reach", lambda *_: Shown(0, 3, 10, drawn_scene, None))
    layout = simulated.simulated_layout(10, "png")
    with (
        DatasetWriter(tmp_path / "set", layout) as writer,
        pytest.raises(DatasetError, match="4 of 4 demonstrations failed"),
    ):
        simulated.record_simulated(writer, 1, seed=0, fps=10)


def test_how_many_must_be_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command(tmp_path / "set")) == 1
    assert "--episodes" in capsys.readouterr().err
    assert not (tmp_path / "set").exists()
