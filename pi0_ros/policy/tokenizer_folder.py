"""Where a checkpoint's tokenizer is: on this disk, never on a hub, and never code."""

import json
import shlex
from pathlib import Path

from pi0_ros.core.errors import CheckpointError

TOKENIZER_FOLDER = "tokenizer"

_MARKS = ("tokenizer.json", "tokenizer.model")
# Either may name Python files beside it, for which transformers asks whoever sits at the terminal.
_MAY_NAME_CODE = ("tokenizer_config.json", "config.json")
_PI0_TOKENIZER = "google/paligemma-3b-pt-224"


def find_tokenizer(checkpoint: Path, given: Path | None, stored_name: str | None) -> Path:
    """The folder that holds the tokenizer.

    Args:
        checkpoint: the checkpoint's folder, in which `tokenizer` is looked for.
        given: another folder to use instead, from the parameter `tokenizer_path`.
        stored_name: what the checkpoint's preprocessor calls it, for the error's text.

    Raises:
        CheckpointError: it is not there, or asks for code of its own.
    """
    folder = checkpoint / TOKENIZER_FOLDER if given is None else given
    if any((folder / mark).is_file() for mark in _MARKS):
        for name in _MAY_NAME_CODE:
            refuse_code(folder / name)
        return folder
    if stored_name == TOKENIZER_FOLDER:
        raise CheckpointError(
            f"{folder}: no tokenizer there ({' or '.join(_MARKS)}). The checkpoint was saved with "
            "one of its own in that folder: copy it again from where the checkpoint was made, or "
            "name its folder in the parameter tokenizer_path"
        )
    named = stored_name or _PI0_TOKENIZER
    source = named if not Path(named).is_absolute() else _PI0_TOKENIZER
    raise CheckpointError(
        f"{folder}: no tokenizer there ({' or '.join(_MARKS)}). The checkpoint was trained with "
        f"{named!r}; nothing is downloaded at run time. Put it there once with "
        f"`{how_to_download(source, folder, '*token*')}` (before that, where its owner wants to be "
        "asked, as PaliGemma's does: accept the terms on its page, and `HF_HUB_OFFLINE=0 hf auth "
        "login`), or name its folder in the parameter tokenizer_path"
    )


def how_to_download(repository: str, folder: Path, *patterns: str) -> str:
    """The command that puts a repository's files of these patterns into `folder`.

    In the package's environment HF_HUB_OFFLINE is 1, with which hf fetches nothing and says that it
    did. Each pattern has an --include of its own: a second one behind the same --include is taken
    for the only file that is wanted.
    """
    includes = [word for pattern in patterns for word in ("--include", pattern)]
    words = ["hf", "download", repository, *includes, "--local-dir", str(folder)]
    return f"HF_HUB_OFFLINE=0 {shlex.join(words)}"


def refuse_code(path: Path) -> None:
    """
    Args:
        path: a configuration file of transformers, which need not be there.

    Raises:
        CheckpointError: it is damaged, or names code that is not transformers' own.
    """
    if not path.exists():
        return
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: damaged ({error}); copy it again") from error
    if not isinstance(content, dict) or "auto_map" in content:
        raise CheckpointError(
            f"{path}: expected a tokenizer of transformers itself, but it names code of its own "
            "(auto_map), and no code of a checkpoint is ever run: take it out"
        )
