"""What is said where a checkpoint's tokenizer is missing."""

import re
import shlex
from pathlib import Path

import pytest

from pi0_ros.core.errors import CheckpointError
from pi0_ros.policy.tokenizer_folder import find_tokenizer, how_to_download


def complaint(checkpoint: Path, stored_name: str | None) -> str:
    with pytest.raises(CheckpointError) as caught:
        find_tokenizer(checkpoint, None, stored_name)
    return str(caught.value)


def test_the_command_works_offline_by_default_and_names_the_folder(tmp_path: Path) -> None:
    checkpoint = tmp_path / "my checkpoint"
    command = re.findall(r"`(.*?)`", complaint(checkpoint, "somebody/words"))[0]
    words = shlex.split(command)
    assert words[:4] == ["HF_HUB_OFFLINE=0", "hf", "download", "somebody/words"]
    assert words[-1] == str(checkpoint / "tokenizer")


@pytest.mark.parametrize("name", [None, "/home/somebody/tokenizer"])
def test_without_a_repository_it_is_paligemmas_which_has_to_be_asked_for(
    tmp_path: Path, name: str | None
) -> None:
    said = complaint(tmp_path, name)
    assert "hf download google/paligemma-3b-pt-224" in said
    assert "hf auth login" in said


def test_each_pattern_has_an_include_of_its_own(tmp_path: Path) -> None:
    words = shlex.split(how_to_download("a/b", tmp_path, "*.json", "*.txt"))[4:]
    assert words == ["--include", "*.json", "--include", "*.txt", "--local-dir", str(tmp_path)]
