"""A checkpoint is data: whatever its files say, none of its code runs."""

import builtins
import json
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pi0_ros.core.errors import CheckpointError
from pi0_ros.policy.loader import load_policy

Make = Callable[..., Any]
Edit = Callable[[Path, Callable[[dict[str, Any]], None]], None]

_WATCHED: list[list[str]] = []


def _on_audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "pickle.find_class":
        for seen in _WATCHED:
            seen.append(f"{arguments[0]}.{arguments[1]}")


@contextmanager
def unpickled() -> Iterator[list[str]]:
    """Everything that a pickle, of whatever file, may run is found by name first: which names."""
    if not getattr(_on_audit, "added", False):
        sys.addaudithook(_on_audit)
        _on_audit.added = True  # type: ignore[attr-defined]
    seen: list[str] = []
    _WATCHED.append(seen)
    try:
        yield seen
    finally:
        _WATCHED.remove(seen)


class Trap:
    """Leaves a file where it is unpickled."""

    def __init__(self, sprung: Path) -> None:
        self.sprung = sprung

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.sprung),)


def test_loading_unpickles_nothing(checkpoint: Path, config_for: Make) -> None:
    with unpickled() as names:
        load_policy(config_for(checkpoint))
    assert names == []


def test_a_pickle_would_be_noticed(tmp_path: Path) -> None:
    with unpickled() as names:
        pickle.loads(pickle.dumps(Trap(tmp_path / "sprung")))  # noqa: S301  # our own
    assert names == ["posix.mkdir"]
    assert (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "name",
    [
        "model.safetensors",
        "policy_preprocessor_step_6_normalizer_processor.safetensors",
        "policy_preprocessor.json",
        "config.json",
        "tokenizer/tokenizer.json",
        "tokenizer/tokenizer_config.json",
    ],
)
def test_a_pickle_in_place_of_a_file_is_not_read_as_one(
    checkpoint: Path, config_for: Make, tmp_path: Path, name: str
) -> None:
    (checkpoint / name).write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    with unpickled() as names, pytest.raises(CheckpointError):
        load_policy(config_for(checkpoint))
    assert names == []
    assert not (tmp_path / "sprung").exists()


def test_pickles_beside_the_weights_are_not_opened(
    checkpoint: Path, config_for: Make, tmp_path: Path
) -> None:
    for name in ("pytorch_model.bin", "model.pt", "training_state.pkl"):
        (checkpoint / name).write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    with unpickled() as names:
        load_policy(config_for(checkpoint))
    assert names == []


def test_a_processing_step_that_names_a_module_is_refused(
    checkpoint: Path, config_for: Make, edit_json: Edit, trap_module: "TrapModule"
) -> None:
    edit_json(
        checkpoint / "policy_preprocessor.json",
        lambda content: content["steps"].insert(0, {"class": "trap.Step", "config": {}}),
    )
    with pytest.raises(CheckpointError, match="a step that LeRobot does not register"):
        load_policy(config_for(checkpoint))
    assert not trap_module.imported


@pytest.mark.parametrize("file", ["tokenizer_config.json", "config.json"])
@pytest.mark.parametrize("known", ["TokenizersBackend", None])
def test_a_tokenizer_that_brings_code_is_refused_and_nobody_is_asked(
    checkpoint: Path,
    config_for: Make,
    edit_json: Edit,
    trap_module: "TrapModule",
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    known: str | None,
) -> None:
    # Where a person is asked whether the code may run, this one says yes.
    monkeypatch.setattr(builtins, "input", lambda *_: "y")
    folder = checkpoint / "tokenizer"
    edit_json(folder / "tokenizer_config.json", lambda c: c.update(tokenizer_class=known))
    trap_module.put_into(folder)
    trap_module.name_in(folder / file)
    with pytest.raises(CheckpointError, match="code of its own"):
        load_policy(config_for(checkpoint))
    assert not trap_module.imported


class TrapModule:
    """A module that leaves a file where it is imported."""

    def __init__(self, folder: Path) -> None:
        self._sprung = folder / "imported"
        self.put_into(folder)

    def put_into(self, folder: Path) -> None:
        (folder / "trap.py").write_text(
            f"import os\nos.mkdir({str(self._sprung)!r})\nclass Step: pass\nclass Tok: pass\n"
        )

    def name_in(self, path: Path) -> None:
        content = json.loads(path.read_text()) if path.exists() else {}
        content["auto_map"] = {"AutoTokenizer": ["trap.Tok", "trap.Tok"]}
        path.write_text(json.dumps(content))

    @property
    def imported(self) -> bool:
        return self._sprung.exists()


@pytest.fixture
def trap_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrapModule:
    folder = tmp_path / "modules"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return TrapModule(folder)
