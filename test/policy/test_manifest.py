"""A checkpoint that states its hashes is held to them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pi0_ros.core.errors import CheckpointError
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.manifest import MANIFEST_FILE
from pi0_ros.policy.policy_config import PolicyConfig

Make = Callable[..., PolicyConfig]
Edit = Callable[[Path, Callable[[dict[str, Any]], None]], None]


def test_every_file_of_the_checkpoint_is_listed(demo_checkpoint: Path) -> None:
    listed = json.loads((demo_checkpoint / MANIFEST_FILE).read_text())["sha256"]
    files = {
        path.relative_to(demo_checkpoint).as_posix()
        for path in demo_checkpoint.rglob("*")
        if path.is_file()
    }
    assert set(listed) == files - {MANIFEST_FILE}


@pytest.mark.parametrize(
    "name",
    [
        "model.safetensors",
        "config.json",
        "policy_preprocessor.json",
        "policy_postprocessor.json",
        "policy_preprocessor_step_6_normalizer_processor.safetensors",
        "policy_postprocessor_step_0_unnormalizer_processor.safetensors",
        "tokenizer/tokenizer.json",
    ],
)
def test_a_file_that_differs_by_one_bit_is_named(
    demo_checkpoint: Path, config_for: Make, name: str
) -> None:
    path = demo_checkpoint / name
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=f"{name}: differs"):
        load_policy(config_for(demo_checkpoint, mode="demo"))


def test_a_file_that_is_gone_is_named(demo_checkpoint: Path, config_for: Make) -> None:
    (demo_checkpoint / "tokenizer" / "tokenizer_config.json").unlink()
    with pytest.raises(CheckpointError, match=r"tokenizer_config\.json: missing"):
        load_policy(config_for(demo_checkpoint, mode="demo"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: content.update(format=2), "expected format 1"),
        (lambda content: content.pop("demo"), "damaged manifest"),
        (lambda content: content.update(demo="yes"), "damaged manifest"),
        (lambda content: content["sha256"].pop("config.json"), "no hash of config.json"),
    ],
)
def test_a_manifest_that_cannot_be_trusted_is_refused(
    demo_checkpoint: Path,
    config_for: Make,
    edit_json: Edit,
    change: Callable[[dict[str, Any]], None],
    words: str,
) -> None:
    edit_json(demo_checkpoint / MANIFEST_FILE, change)
    with pytest.raises(CheckpointError, match=words):
        load_policy(config_for(demo_checkpoint, mode="demo"))


def test_a_manifest_that_is_not_json_is_refused(demo_checkpoint: Path, config_for: Make) -> None:
    (demo_checkpoint / MANIFEST_FILE).write_text("demo: true")
    with pytest.raises(CheckpointError, match="damaged manifest"):
        load_policy(config_for(demo_checkpoint, mode="demo"))
