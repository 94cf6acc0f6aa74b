"""A checkpoint's config.json as LeRobot's configuration object."""

import json
from pathlib import Path

from draccus.utils import DraccusException
from lerobot.configs import PreTrainedConfig
from lerobot.policies.act.configuration_act import ACTConfig
from lerobot.policies.factory import get_policy_class
from lerobot.policies.pi0.configuration_pi0 import PI0Config
from lerobot.policies.pi0.modeling_pi0 import PI0Policy
from lerobot.policies.pi05.configuration_pi05 import PI05Config
from lerobot.policies.pretrained import PreTrainedPolicy
from lerobot.policies.smolvla.configuration_smolvla import SmolVLAConfig

from pi0_ros.core.errors import CheckpointError
from pi0_ros.policy.manifest import CONFIG_FILE
from pi0_ros.policy.modeling_pi0_tiny import PI0TinyPolicy

_POLICIES: dict[str, type[PI0Policy]] = {"pi0": PI0Policy, "pi0_tiny": PI0TinyPolicy}
# Imported so that LeRobot knows them. They read words and start from noise, as Pi0 does...
_READERS = {"pi05": PI05Config, "smolvla": SmolVLAConfig}
# ... while these take pictures and a state, read no words, and start from no noise.
_WORDLESS = {"act": ACTConfig}


def policy_class(config: PreTrainedConfig) -> type[PreTrainedPolicy]:
    """LeRobot's policy class for the configuration of a policy that reads words."""
    pi0 = _POLICIES.get(config.type)
    return get_policy_class(config.type) if pi0 is None else pi0


def is_wordless(config: PreTrainedConfig) -> bool:
    """Whether it is of a type that reads no words."""
    return config.type in _WORDLESS


def read_config(folder: Path, device: str) -> PI0Config:
    """The configuration of a Pi0, with its `device` replaced by the one to run on.

    Raises:
        CheckpointError: no config.json, not readable, or of a policy type that is not Pi0.
    """
    config = read_any_config(folder, device, tuple(_POLICIES))
    assert isinstance(config, PI0Config)
    return config


def read_any_config(
    folder: Path, device: str, kinds: tuple[str, ...] = (*_POLICIES, *_READERS, *_WORDLESS)
) -> PreTrainedConfig:
    """The configuration, with its `device` replaced by the one to run on.

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
        raise CheckpointError(f"{path}: damaged ({error})") from error
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
        config = PreTrainedConfig.from_pretrained(folder, cli_overrides=[f"--device={device}"])
    except (OSError, ValueError, TypeError, KeyError, DraccusException) as error:
        raise CheckpointError(
            f"{path}: LeRobot cannot read this configuration ({error}); was it written by another "
            "version?"
        ) from error
    return config
