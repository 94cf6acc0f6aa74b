"""What a checkpoint's config.json says, read without LeRobot."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pi0_ros.core.errors import CheckpointError
from pi0_ros.policy.manifest import CONFIG_FILE
from pi0_ros.policy.policy_types import KNOWN

STATE = "observation.state"
ACTION = "action"


@dataclass(frozen=True, slots=True)
class StatedFeature:
    """One input or output: its kind as LeRobot writes it ("VISUAL", "STATE", …) and its shape."""

    type: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StatedConfig:
    """The part of config.json that the bridge asks for, under LeRobot's own names.

    Attributes:
        type: of the policy.
        input_features, output_features: in the file's order, which is the model's.
        chunk_size: rows of a chunk; None where the file leaves it to LeRobot.
        empty_cameras: pictures that were blank in training.
        normalization_mapping: kind of feature -> what it is scaled by; None where the file leaves
            it to LeRobot.
        vlm_model_name: where SmolVLA's language model was fetched from; None for others.
    """

    type: str
    input_features: Mapping[str, StatedFeature]
    output_features: Mapping[str, StatedFeature]
    chunk_size: int | None
    empty_cameras: int
    normalization_mapping: Mapping[str, str] | None
    vlm_model_name: str | None

    def __post_init__(self) -> None:
        for name in ("input_features", "output_features", "normalization_mapping"):
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, MappingProxyType(dict(given)))

    @property
    def image_features(self) -> dict[str, StatedFeature]:
        return {name: f for name, f in self.input_features.items() if f.type == "VISUAL"}

    @property
    def robot_state_feature(self) -> StatedFeature | None:
        feature = self.input_features.get(STATE)
        return feature if feature is not None and feature.type == "STATE" else None

    @property
    def action_feature(self) -> StatedFeature | None:
        feature = self.output_features.get(ACTION)
        return feature if feature is not None and feature.type == "ACTION" else None


def read_stated_config(folder: Path, kinds: tuple[str, ...] = KNOWN) -> StatedConfig:
    """
    Args:
        kinds: policy types that are taken.

    Raises:
        CheckpointError: no config.json, not readable, or of another policy type.
    """
    path = folder / CONFIG_FILE
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file; a LeRobot checkpoint has one")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        kind = content.get("type")
    except (OSError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{path}: damaged ({error}); copy it again") from error
    if kind not in kinds:
        raise CheckpointError(
            f"{path}: policy type is {kind!r}; expected {' or '.join(sorted(kinds))}"
        )
    if content.get("use_peft"):
        raise CheckpointError(
            f"{path}: holds an adapter (use_peft) and not the whole policy; merge it into its base "
            "first"
        )
    try:
        return StatedConfig(
            type=kind,
            input_features=_features(content, "input_features"),
            output_features=_features(content, "output_features"),
            chunk_size=_whole(content, "chunk_size"),
            empty_cameras=_whole(content, "empty_cameras") or 0,
            normalization_mapping=_modes(content.get("normalization_mapping")),
            vlm_model_name=content.get("vlm_model_name"),
        )
    except (TypeError, KeyError, AttributeError) as error:
        raise CheckpointError(
            f"{path}: not the configuration of a LeRobot policy ({error!r}); was it written by "
            "another version?"
        ) from error


def _features(content: Mapping[str, Any], name: str) -> dict[str, StatedFeature]:
    features = {}
    for key, feature in (content.get(name) or {}).items():
        kind, shape = feature["type"], tuple(feature["shape"])
        if not isinstance(kind, str) or not all(isinstance(extent, int) for extent in shape):
            raise TypeError(f"{name}: {key}: expected a type and a shape, got {feature}")
        features[key] = StatedFeature(kind, shape)
    return features


def _modes(given: Any) -> dict[str, str] | None:
    if given is None:
        return None
    return {str(kind): str(mode) for kind, mode in given.items()}


def _whole(content: Mapping[str, Any], name: str) -> int | None:
    value = content.get(name)
    if value is not None and not isinstance(value, int):
        raise TypeError(f"{name}: expected a whole number, got {value!r}")
    return value
