"""A checkpoint's config.json as LeRobot's configuration object."""

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
from pi0_ros.policy.policy_types import KNOWN, PI0
from pi0_ros.policy.stated_config import read_stated_config

_POLICIES: dict[str, type[PI0Policy]] = {"pi0": PI0Policy, "pi0_tiny": PI0TinyPolicy}
# Imported so that LeRobot knows them.
_OTHERS = (PI05Config, SmolVLAConfig, ACTConfig)


def policy_class(config: PreTrainedConfig) -> type[PreTrainedPolicy]:
    """LeRobot's policy class for the configuration of a policy that reads words."""
    pi0 = _POLICIES.get(config.type)
    return get_policy_class(config.type) if pi0 is None else pi0


def read_config(folder: Path, device: str) -> PI0Config:
    """The configuration of a Pi0, with its `device` replaced by the one to run on.

    Raises:
        CheckpointError: no config.json, not readable, or of a policy type that is not Pi0.
    """
    config = read_any_config(folder, device, PI0)
    assert isinstance(config, PI0Config)
    return config


def read_any_config(folder: Path, device: str, kinds: tuple[str, ...] = KNOWN) -> PreTrainedConfig:
    """The configuration, with its `device` replaced by the one to run on.

    Args:
        kinds: policy types that are taken.

    Raises:
        CheckpointError: no config.json, not readable, or of another policy type.
    """
    read_stated_config(folder, kinds)
    try:
        return PreTrainedConfig.from_pretrained(folder, cli_overrides=[f"--device={device}"])
    except (OSError, ValueError, TypeError, KeyError, DraccusException) as error:
        raise CheckpointError(
            f"{folder / CONFIG_FILE}: LeRobot cannot read this configuration ({error}); was it "
            "written by another version?"
        ) from error
