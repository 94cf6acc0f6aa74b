"""Where an arm of ours runs: its ROS domain, its environment variables, its log folder."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pi0_ros.bringup import process_environment
from pi0_ros.cli.domain import reserve_arm, reserve_domain
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.share import share_directory

_DOMAIN = "ROS_DOMAIN_ID"
_RANGE = "ROS_AUTOMATIC_DISCOVERY_RANGE"
# Whoever sets one of these may reach others in spite of the range.
_WIDER = ("ROS_STATIC_PEERS", "ROS_DISCOVERY_SERVER")
# Those that are known to keep to the range.
_OBEDIENT = ("rmw_fastrtps", "rmw_cyclonedds")


@dataclass(frozen=True, slots=True)
class ArmDomain:
    """A ROS domain that this process's environment leads to, for one arm of ours.

    Attributes:
        number: as in ROS_DOMAIN_ID.
        namespace: of the arm's nodes; empty for none.
        notes: what was left as the user has it, a sentence each.
        is_ours: whether nobody else can be in it.
        cure: what to choose where another arm is in it.
    """

    number: int
    namespace: str
    notes: tuple[str, ...]
    is_ours: bool
    cure: str

    def require_no_other_arm(self, say: Callable[[str], None]) -> None:
        """To be called before anything of ours is started.

        Args:
            say: takes a line for the user, since it may take a few seconds.

        Raises:
            ConfigurationError: something in the domain already commands an arm or is one.
        """
        if self.is_ours:
            return
        say("looking for other arms in this domain")
        # Only now: rclpy takes its domain and its transports from the environment.
        from pi0_ros.ros.arm_search import require_no_arm

        require_no_arm(self.namespace, self.cure)


@contextmanager
def arm_domain(
    option: int | None,
    namespace: str = "",
    *,
    users_domain: bool = True,
    cure: str = "choose another --domain",
) -> Iterator[ArmDomain]:
    """The domain that the user chose, or a free one; this process and its children are in it.

    Args:
        option: chosen on the command line.
        users_domain: whether ROS_DOMAIN_ID is a choice, too.

    Raises:
        ConfigurationError: it is no domain, none is free, or another demo has the arm in it.
    """
    users = os.environ.get(_DOMAIN, "") if users_domain else ""
    with _domain(option, users) as (number, reserved), reserve_arm(number, namespace, cure=cure):
        notes = prepare_environment(number)
        is_ours = reserved and reaches_this_machine_alone(os.environ)
        yield ArmDomain(number, namespace, notes, is_ours, cure)


@contextmanager
def _domain(option: int | None, users: str) -> Iterator[tuple[int, bool]]:
    """A domain's number, and whether nobody else on this machine has it."""
    if option is not None or users:
        text = str(option) if option is not None else users
        if not text.isdecimal() or not 0 <= int(text) <= 232:
            raise ConfigurationError(f"ROS domain is {text!r}: expected 0 to 101 (at most 232)")
        yield int(text), False
        return
    with reserve_domain() as reserved:
        yield reserved.domain, True


def prepare_environment(domain: int) -> tuple[str, ...]:
    """Sets it for this process and its children; what the user has set stays."""
    environment = process_environment(share_directory(), os.environ)
    os.environ.update(environment.variables())
    os.environ[_DOMAIN] = str(domain)
    if not os.environ.get(_RANGE):
        # A demo has no business on the network. ROS_LOCALHOST_ONLY=0 is no wish to the contrary:
        # it only says that the range counts, and without one that would be the network.
        os.environ[_RANGE] = "LOCALHOST"
    return environment.notes


def reaches_this_machine_alone(environment: Mapping[str, str]) -> bool:
    """Whether ROS in this environment surely talks to nobody on other machines."""
    if not environment.get("RMW_IMPLEMENTATION", _OBEDIENT[0]).startswith(_OBEDIENT):
        return False
    # It outranks both the range and static peers (rcl's init.c).
    if environment.get("ROS_LOCALHOST_ONLY", "").startswith("1"):
        return not environment.get("ROS_DISCOVERY_SERVER")
    if any(environment.get(name) for name in _WIDER):
        return False
    return environment.get(_RANGE) in ("LOCALHOST", "OFF")


def new_log_folder(command: str = "pi0_demo") -> Path:
    """A new folder where ROS keeps its logs, or a temporary one."""
    home = Path(os.environ.get("ROS_HOME", "~/.ros"))
    parent = Path(os.environ.get("ROS_LOG_DIR", str(home / "log"))).expanduser()
    name = f"{command}-{time.strftime('%Y-%m-%d-%H-%M-%S')}-{os.getpid()}"
    try:
        folder = parent / name
        folder.mkdir(parents=True)
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    return folder
