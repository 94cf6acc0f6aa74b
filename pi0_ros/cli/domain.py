"""A ROS domain of one's own, so that two demos or test runs on a machine never meet."""

import errno
import fcntl
import os
import socket
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from pi0_ros.core.errors import ConfigurationError

# Domains above 101 reach into the ports that Linux hands out to anyone. People choose low numbers,
# so the search begins at the other end.
_DOMAINS = range(101, 0, -1)
# Ports of DDS's discovery: domain 0's own, which all participants listen at where multicast is
# used, then one for each; the distance between participants, and between domains. Participants
# that find each other on one machine without multicast are at most 32 (rmw_fastrtps).
_MULTICAST_PORT = 7400
_FIRST_PORT = 7410
_PORTS_PER_PARTICIPANT = 2
_PORTS_PER_DOMAIN = 250
_PARTICIPANTS = 32


@dataclass
class Reservation:
    """A domain, or an arm in it, that nobody else can reserve until this one is released."""

    domain: int
    _lock: int

    def release(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> "Reservation":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def reserve_domain(folder: Path | None = None) -> Reservation:
    """A domain in which nothing runs on this machine. The reservation ends with the process.

    Args:
        folder: where the locks lie; one per machine, shared by all users.

    Raises:
        ConfigurationError: all domains are taken.
    """
    folder = Path(tempfile.gettempdir()) if folder is None else folder
    for number in _DOMAINS:
        lock = _locked(folder / f"pi0_ros-domain-{number}.lock")
        if lock is None:
            continue
        if _ports_are_free(number):
            return Reservation(number, lock)
        os.close(lock)
    raise ConfigurationError(
        "no ROS domain from 1 to 101 is free on this machine: choose one with --domain"
    )


def reserve_arm(
    domain: int,
    namespace: str,
    folder: Path | None = None,
    cure: str = "choose --domain or --namespace",
) -> Reservation:
    """The right to command the arm of a domain and namespace, among demos on this machine.

    Args:
        folder: as for `reserve_domain`.
        cure: ends the error's message: what to choose instead.

    Raises:
        ConfigurationError: another demo has it.
    """
    folder = Path(tempfile.gettempdir()) if folder is None else folder
    name = namespace.replace("/", "-")
    lock = _locked(folder / f"pi0_ros-arm-{domain}-{name}.lock")
    if lock is None:
        raise ConfigurationError(
            f"another demo runs in ROS domain {domain}, namespace /{namespace}: {cure}"
        )
    return Reservation(domain, lock)


def _locked(path: Path) -> int | None:
    """A descriptor of the locked file; None where another process holds the lock."""
    try:
        lock = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        try:
            lock = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL)
            os.fchmod(lock, 0o644)
        except FileExistsError:
            lock = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def _ports_are_free(number: int) -> bool:
    """Whether no participant on this machine listens in the domain, be it the last of many."""
    participants = (_FIRST_PORT + _PORTS_PER_PARTICIPANT * i for i in range(_PARTICIPANTS))
    offset = _PORTS_PER_DOMAIN * number
    return all(_port_is_free(port + offset) for port in (_MULTICAST_PORT, *participants))


def _port_is_free(port: int) -> bool:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            probe.bind(("", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True
