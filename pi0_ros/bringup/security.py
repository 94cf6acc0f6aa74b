"""SROS2 for a bring-up: the enclave of a keystore that each process must have, or not start."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.share import share_directory

POLICY_FILE = Path("config", "security", "pi0.policy.xml")
# Those that the policy file has; the mocks are for benches, where the default permissions do.
_WITH_PERMISSIONS = ("pi0_policy", "pi0_controller")
# What DDS looks for in an enclave's folder; without any of these a participant is not secure.
_ENCLAVE_FILES = (
    "cert.pem",
    "key.pem",
    "identity_ca.cert.pem",
    "permissions_ca.cert.pem",
    "governance.p7s",
    "permissions.p7s",
)


@dataclass(frozen=True, slots=True)
class Enclave:
    """One identity in a keystore; `name` is a node's full name, such as /left/pi0_policy."""

    keystore: Path
    name: str

    def variables(self) -> dict[str, str]:
        """Environment of the process. It replaces what the user has: security is asked for here."""
        return {
            # ROS compares these two to the letter: "1" or "enforce" would mean no security.
            "ROS_SECURITY_ENABLE": "true",
            "ROS_SECURITY_STRATEGY": "Enforce",
            "ROS_SECURITY_KEYSTORE": str(self.keystore),
            # Set, it would outrank the enclave on the command line; empty counts as not set.
            "ROS_SECURITY_ENCLAVE_OVERRIDE": "",
        }

    def ros_arguments(self) -> tuple[str, ...]:
        return "--enclave", self.name


def find_enclave(keystore: str, node: str, full_name: str) -> Enclave | None:
    """The enclave of a node; None where `keystore` is empty, which leaves security as it is.

    Args:
        keystore: the argument security_keystore, a folder.
        node: the node's name.
        full_name: with its namespace; the enclave's name.

    Raises:
        ConfigurationError: the keystore or the enclave in it is missing or incomplete; the message
            has the command that makes it.
    """
    if not keystore:
        return None
    root = Path(keystore).expanduser().absolute()
    if not (root / "enclaves" / "governance.p7s").is_file():
        what = "no keystore" if root.is_dir() else "no such folder"
        raise ConfigurationError(
            f"security_keystore {root}: {what}; make one: "
            f"ros2 security create_keystore {shlex.quote(str(root))}"
        )
    folder = root / "enclaves" / full_name.lstrip("/")
    absent = [name for name in _ENCLAVE_FILES if not (folder / name).is_file()]
    if absent:
        what = f"lacks {', '.join(absent)}" if folder.is_dir() else "is missing"
        raise ConfigurationError(
            f"security_keystore {root}: the enclave {full_name} {what}; make it: "
            f"{_making(root, node, full_name)}"
        )
    return Enclave(root, full_name)


def _making(root: Path, node: str, full_name: str) -> str:
    keystore = shlex.quote(str(root))
    enclave = f"ros2 security create_enclave {keystore} {full_name}"
    if node not in _WITH_PERMISSIONS:
        return enclave
    # The file speaks of nodes without a namespace; see docs/security.md for others.
    theirs = full_name == f"/{node}"
    policy = shlex.quote(str(share_directory() / POLICY_FILE)) if theirs else "YOUR_POLICY.xml"
    return f"{enclave} && ros2 security create_permission {keystore} {full_name} {policy}"
