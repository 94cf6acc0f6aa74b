"""What is wrong with a checkpoint, as far as its files say it: without torch, without LeRobot."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pi0_ros.core.errors import CheckpointError, ConfigurationError, Pi0RosError
from pi0_ros.policy.features import misfits
from pi0_ros.policy.manifest import (
    POSTPROCESSOR_FILE,
    PREPROCESSOR_FILE,
    WEIGHTS_FILE,
    Manifest,
    check_hashes,
    check_mode,
    file_sha256,
    read_manifest,
)
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.policy_types import WORDLESS, impossible
from pi0_ros.policy.processor_files import (
    AFTER_STEPS,
    BEFORE_STEPS,
    SCALING_STEP,
    TOKENIZER_STEP,
    UNSCALING_STEP,
    Step,
    read_scaling,
    read_steps,
)
from pi0_ros.policy.safetensors_header import TensorHeader, read_header
from pi0_ros.policy.stated_config import ACTION, STATE, StatedConfig, read_stated_config
from pi0_ros.policy.statistics import check_statistics
from pi0_ros.policy.tokenizer_folder import find_tokenizer
from pi0_ros.policy.vlm_folder import find_vlm


@dataclass(frozen=True, slots=True)
class Examined:
    """A checkpoint's folder, by itself.

    Attributes:
        folder: absolute.
        manifest: None where it has none, or a damaged one.
        header: of the weights; empty where they cannot be read.
        weights_sha256: None where no manifest says what it should be, or there are no weights.
        stated: None where config.json cannot be used.
        problems: everything for which it would not be loaded on any robot.
    """

    folder: Path
    manifest: Manifest | None
    header: Mapping[str, TensorHeader]
    weights_sha256: str | None
    stated: StatedConfig | None
    problems: tuple[Pi0RosError, ...]

    @property
    def is_demo(self) -> bool:
        """Whether its manifest says that it is a demo checkpoint."""
        return self.manifest is not None and self.manifest.demo


class _Problems(list[Pi0RosError]):
    @contextmanager
    def noted(self) -> Iterator[None]:
        """An error within is one more problem, and what follows goes on."""
        try:
            yield
        except Pi0RosError as error:
            self.append(error)


def examine(path: Path, tokenizer_path: Path | None) -> Examined:
    """
    Args:
        path: as in the parameter policy_path.
        tokenizer_path: folder of the tokenizer; None: in the checkpoint.

    Raises:
        CheckpointError: there is no such folder, or the checkpoint is another one.
    """
    folder = _checkpoint_folder(path)
    weights = folder / WEIGHTS_FILE
    problems = _Problems()
    manifest: Manifest | None = None
    header: Mapping[str, TensorHeader] = {}
    digest: str | None = None
    stated: StatedConfig | None = None
    with problems.noted():
        manifest = read_manifest(folder)
    with problems.noted():
        header = read_header(weights)
    if manifest is not None and weights.is_file():
        with problems.noted():
            digest = file_sha256(weights)
            check_hashes(folder, manifest, digest)
    with problems.noted():
        stated = read_stated_config(folder)
    _examine_processors(folder, stated, tokenizer_path, problems)
    return Examined(folder, manifest, header, digest, stated, tuple(problems))


def _examine_processors(
    folder: Path, stated: StatedConfig | None, tokenizer_path: Path | None, problems: _Problems
) -> None:
    reads_words = stated is not None and stated.type not in WORDLESS
    before: Mapping[str, Step] = {}
    after: Mapping[str, Step] = {}
    with problems.noted():
        words = (TOKENIZER_STEP,) if reads_words else ()
        before = read_steps(folder / PREPROCESSOR_FILE, (*words, *BEFORE_STEPS))
    with problems.noted():
        after = read_steps(folder / POSTPROCESSOR_FILE, AFTER_STEPS)
    if stated is None:
        return
    with problems.noted():
        keys = [STATE, *stated.image_features]
        _check_scaling(folder / PREPROCESSOR_FILE, before.get(SCALING_STEP), stated, keys)
    with problems.noted():
        _check_scaling(folder / POSTPROCESSOR_FILE, after.get(UNSCALING_STEP), stated, [ACTION])
    if reads_words:
        with problems.noted():
            if stated.vlm_model_name is None:
                step = before.get(TOKENIZER_STEP)
                stored = None if step is None else step.config.get("tokenizer_name")
                find_tokenizer(folder, tokenizer_path, stored)
            else:
                find_vlm(folder, tokenizer_path, stated.vlm_model_name)


def _check_scaling(
    path: Path, step: Step | None, stated: StatedConfig, keys: Sequence[str]
) -> None:
    features = {**stated.input_features, **stated.output_features}
    modes = stated.normalization_mapping
    if step is None or modes is None or not set(keys) <= set(features):
        # A problem of its own, or LeRobot's to say.
        return
    scaling = read_scaling(path, step)
    if scaling is not None:
        check_statistics(path, scaling, features, modes, keys)


def unfit(examined: Examined, config: PolicyConfig) -> tuple[Pi0RosError, ...]:
    """Everything for which a checkpoint would not be loaded with these parameters."""
    problems = _Problems()
    with problems.noted():
        check_mode(examined.folder, examined.manifest, config.mode)
    stated = examined.stated
    if stated is None:
        return tuple(problems)
    problems += [CheckpointError(text) for text in misfits(examined.folder, stated, config)]
    problems += [ConfigurationError(text) for text in impossible(stated.type, config)]
    if config.rtc is not None and stated.chunk_size is not None:
        with problems.noted():
            config.rtc.require_rows(stated.chunk_size)
    return tuple(problems)


def _checkpoint_folder(path: Path) -> Path:
    if path.is_dir():
        folder = path.resolve()
        inner, index = folder / "pretrained_model", folder / f"{WEIGHTS_FILE}.index.json"
        if (folder / WEIGHTS_FILE).exists():
            return folder
        if inner.is_dir():
            raise CheckpointError(
                f"policy_path {path}: this is a training folder; the checkpoint is {inner}"
            )
        if index.exists():
            raise CheckpointError(
                f"policy_path {path}: the weights are split over several files, which LeRobot does "
                f"not read for Pi0; join them into one {WEIGHTS_FILE}"
            )
        return folder
    raise CheckpointError(
        f"policy_path {path}: no such folder. Expected a LeRobot checkpoint on this disk "
        f"({WEIGHTS_FILE}, config.json, policy_preprocessor.json, …); nothing is downloaded"
    )
