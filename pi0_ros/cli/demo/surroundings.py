"""Where a demo runs: its ROS domain, its environment variables, its log folder."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pi0_ros.bringup import process_environment
from pi0_ros.cli.domain import reserve_domain
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.share import share_directory


@contextmanager
def demo_domain(option: int | None) -> Iterator[tuple[int, bool]]:
    """The ROS domain, and whether it is surely ours alone."""
    users = os.environ.get("ROS_DOMAIN_ID", "")
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
    os.environ["ROS_DOMAIN_ID"] = str(domain)
    if "ROS_LOCALHOST_ONLY" not in os.environ:
        # A demo has no business on the network.
        os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    return environment.notes


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
