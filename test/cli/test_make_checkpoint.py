"""`pi0 make-checkpoint` as a user meets it."""

import argparse
from pathlib import Path
from typing import NoReturn

import pytest

from pi0_ros.cli import make_checkpoint
from pi0_ros.policy import training


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    make_checkpoint.add_arguments(parser)
    return parser.parse_args(words)


def small(output: Path, *words: str) -> argparse.Namespace:
    return arguments(
        "--output", str(output), "--steps", "1", "--samples", "16", "--threads", "1", *words
    )


@pytest.fixture
def one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_checkpoint, "_CHECK_SAMPLES", 1)


@pytest.mark.usefixtures("one_look")
def test_writes_a_checkpoint_and_says_how_good_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "new" / "demo"
    assert make_checkpoint.run(small(output)) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert str(output) in said
    assert "demo/pi0_tiny-" in said
    assert "effect of the instruction" in said
    assert (output / "model.safetensors").is_file()
    assert list(output.parent.iterdir()) == [output]


@pytest.mark.usefixtures("one_look")
def test_replaces_only_what_it_is_told_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "demo"
    output.mkdir()
    (output / "precious").touch()
    assert make_checkpoint.run(small(output)) == 1
    assert "--force" in capsys.readouterr().err
    assert (output / "precious").exists()
    assert make_checkpoint.run(small(output, "--force")) == 0
    assert not (output / "precious").exists()
    assert list(tmp_path.iterdir()) == [output]


@pytest.mark.parametrize(
    ("raised", "status", "words"),
    [
        (KeyboardInterrupt(), 130, "interrupted; nothing was written"),
        (OSError("No space left on device"), 1, "No space left on device"),
    ],
)
def test_what_ends_it_half_way_leaves_nothing_and_says_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    raised: BaseException,
    status: int,
    words: str,
) -> None:
    def fail(*_: object) -> NoReturn:
        raise raised

    monkeypatch.setattr(training, "train_policy", fail)
    assert make_checkpoint.run(small(tmp_path / "demo")) == status
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", [("--steps", "0"), ("--threads", "0"), ("--samples", "3")])
def test_impossible_numbers_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: tuple[str, str]
) -> None:
    assert make_checkpoint.run(small(tmp_path / "demo", *wrong)) == 1
    assert "at least" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
