"""What SmolVLA needs beside its weights: its language model's files, from this disk."""

import json
from pathlib import Path

from lerobot.configs import PreTrainedConfig

from pi0_ros.core.errors import CheckpointError, ConfigurationError
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.tokenizer_folder import find_tokenizer, how_to_download, refuse_code

_CONFIG, _PREPROCESSOR = "config.json", "preprocessor_config.json"
_MAY_NAME_CODE = ("processor_config.json", _PREPROCESSOR, "video_preprocessor_config.json")
_TYPE = "smolvlm"


def prepare_vlm(folder: Path, checkpoint: PreTrainedConfig, config: PolicyConfig) -> None:
    """Lets LeRobot build SmolVLA from the files beside the tokenizer; no weights are among them.

    Args:
        folder: the checkpoint's.
        checkpoint: a SmolVLA's configuration; where its language model comes from is replaced.

    Raises:
        CheckpointError: a file is missing, damaged, or of another language model.
        ConfigurationError: a parameter asks for what SmolVLA does not have.
    """
    if config.precision is not None:
        raise ConfigurationError(
            f"precision: {config.precision!r}, but the checkpoint is of type 'smolvla', whose "
            "language model's own configuration says that: leave the parameter at its default"
        )
    named = checkpoint.vlm_model_name
    vlm = find_tokenizer(folder, config.tokenizer_path, named)
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
    checkpoint.vlm_model_name = str(vlm)
    # The checkpoint has all of them; LeRobot would look for a second set.
    checkpoint.load_vlm_weights = False
