"""What SmolVLA needs beside its weights: its language model's files, from this disk."""

import json
from pathlib import Path

from pi0_ros.core.errors import CheckpointError
from pi0_ros.policy.tokenizer_folder import find_tokenizer, how_to_download, refuse_code

_CONFIG, _PREPROCESSOR = "config.json", "preprocessor_config.json"
_MAY_NAME_CODE = ("processor_config.json", _PREPROCESSOR, "video_preprocessor_config.json")
_TYPE = "smolvlm"


def find_vlm(checkpoint: Path, given: Path | None, named: str) -> Path:
    """The folder that SmolVLA is built from: the tokenizer's; no weights are in it.

    Args:
        checkpoint: the checkpoint's folder, in which `tokenizer` is looked for.
        given: another folder to use instead, from the parameter `tokenizer_path`.
        named: what the checkpoint's configuration calls the language model.

    Raises:
        CheckpointError: a file is missing, damaged, or of another language model.
    """
    vlm = find_tokenizer(checkpoint, given, named)
    for name in (_CONFIG, _PREPROCESSOR):
        if not (vlm / name).is_file():
            raise CheckpointError(
                f"{vlm / name}: no such file; SmolVLA is built from its language model's "
                "configuration. Put it there once with "
                f"`{how_to_download(named, vlm, '*.json', '*.txt')}`, or name its folder in the "
                "parameter tokenizer_path"
            )
    for name in _MAY_NAME_CODE:
        refuse_code(vlm / name)
    came = json.loads((vlm / _CONFIG).read_text(encoding="utf-8")).get("model_type")
    if came != _TYPE:
        raise CheckpointError(
            f"{vlm / _CONFIG}: expected the configuration of a language model of type {_TYPE!r}, "
            f"got {came!r}"
        )
    return vlm
