"""`pi0 train` as a user meets it."""

import argparse
import json
import os
import signal
from pathlib import Path

import pytest
from contracts.small_dataset import write_dataset

from pi0_ros.cli import train as command


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("datasets") / "small")


def arguments(dataset: Path, output: Path, *words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    small = (
        "--steps 12 --batch-size 8 --warmup-steps 2 --horizon 6 --picture-side 28 --depth 1 "
        "--vision-depth 1 --save-every 5"
    )
    return parser.parse_args(
        ["--dataset", str(dataset), "--output", str(output), *small.split(), *words]
    )


def test_ctrl_c_saves_and_resume_ends_in_a_checkpoint_with_a_report(
    dataset: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from pi0_ros.policy.learning import loop

    monkeypatch.setattr(command, "_PROOF_FRAMES", 2)
    output, report = tmp_path / "new" / "tiny", tmp_path / "report.json"
    update, calls = loop.update_policy, []

    def interrupted(*args: object, **kwargs: object) -> object:
        calls.append(1)
        if len(calls) == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return update(*args, **kwargs)

    monkeypatch.setattr(loop, "update_policy", interrupted)
    previous = signal.getsignal(signal.SIGINT)
    assert command.run(arguments(dataset, output)) == 130
    assert signal.getsignal(signal.SIGINT) is previous
    said = capsys.readouterr().out.splitlines()[-1]
    assert "saved at step 3/12" in said
    assert "--resume" in said
    assert not output.exists()

    words = ("--hold-out", "1", "--resume")
    assert command.run(arguments(dataset, output, *words)) == 1
    assert "begun with dataset_sha256" in capsys.readouterr().err
    assert command.run(arguments(dataset, output, "--resume", "--report", str(report))) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert "tiny-" in said
    assert "rad on 2 frames of the dataset" in said
    result = json.loads(report.read_text())
    assert result["step"] == 12
    assert result["proof"]["frames"] == 2
    assert result["episodes"] == {"dataset": 3, "learnt_from": 3, "held_out": 0}
    card = (output / "README.md").read_text()
    assert "pi0 train --dataset small --output tiny --steps 12" in card
    assert str(tmp_path) not in card
    assert sorted(path.name for path in output.parent.iterdir()) == ["tiny", "tiny.run"]

    assert command.run(arguments(dataset, output)) == 1
    assert "--force" in capsys.readouterr().err
    assert command.run(arguments(dataset, output, "--force", "--dataset", "/none")) == 1
    assert (output.parent / "tiny.run" / "loss.csv").is_file()
    assert command.run(arguments(dataset, output, "--force", "--seed", "1")) == 0
    assert "--seed 1" in (output / "README.md").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--steps", "0"), "steps: must be at least 1"),
        (("--picture-side", "30"), "multiple of the patch"),
        (("--resume",), "--resume: no training was begun"),
        (("--resume", "--force"), "give one of them"),
        (("--report", "/none/r.json"), "--report /none/r.json"),
        (("--hold-out", "-1"), "--hold-out"),
        (("--dataset", "/none"), "/none: no LeRobotDataset there"),
        (("--horizon", "30"), "longer than every episode"),
    ],
)
def test_what_cannot_work_is_one_line_and_leaves_nothing(
    dataset: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    message: str,
) -> None:
    assert command.run(arguments(dataset, tmp_path / "tiny", *words)) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
