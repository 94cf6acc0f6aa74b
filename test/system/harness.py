"""What the system tests work with: a running demo, and a `pi0` command under test."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from contracts.listener import Listener
from contracts.recording import Recording

from pi0_ros.cli.demo.processes import Processes

# Loading LeRobot takes ten seconds on an idle machine, and machines are not always idle.
STARTUP_S = 120.0
_END_S = 10.0


@dataclass(frozen=True)
class RunningDemo:
    """The processes of demo.launch.py and a listener in their domain.

    Attributes:
        first: what was heard while the demo ran undisturbed, a whole circle of the arm.
    """

    listener: Listener
    processes: Processes
    domain: int
    first: Recording


class Command:
    """A `pi0` command under test, in a session of its own."""

    def __init__(self, words: tuple[str, ...], environment: Mapping[str, str], folder: Path):
        self.folder = folder
        self._output = folder / "output.txt"
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "pi0_ros.cli.main", *words],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._output.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, text: str, deadline_s: float = STARTUP_S) -> None:
        """Until `text` stands in the output."""
        deadline = time.monotonic() + deadline_s
        while text not in self.output:
            assert self.process.poll() is None, f"ended before {text!r}:\n{self.output}"
            assert time.monotonic() < deadline, f"no {text!r} in time:\n{self.output}"
            time.sleep(0.02)

    def status(self, deadline_s: float = STARTUP_S) -> int:
        """Exit status, at the latest after the deadline."""
        try:
            return self.process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            pytest.fail(f"still running after {deadline_s:.0f} s:\n{self.output}")

    def children(self) -> dict[str, int]:
        """Node's module, or "view", -> process id."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and _parent(entry) == self.process.pid:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                known = (w for w in words if w.startswith(b"pi0_ros.ros.") or w == b"view")
                found[next(known, b"").decode().removeprefix("pi0_ros.ros.")] = int(entry.name)
        return found

    def end(self) -> None:
        """Whatever it does: gone afterwards, and its children with it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(_END_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return -1


def segments_of(pid: int) -> set[Path]:
    """Fast DDS's segments mapped by the process; its ports are shared with others and stay."""
    try:
        lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return set()
    paths = {Path(line.split(maxsplit=5)[5]) for line in lines if "/fastrtps_" in line}
    return {path for path in paths if "_port" not in path.name}


def all_segments() -> set[Path]:
    """Fast DDS's segments of this user, without their lock files."""
    names = re.compile(r"fastrtps_[0-9a-f]+")
    files = {path for path in Path("/dev/shm").glob("fastrtps_*") if names.fullmatch(path.name)}
    return {path for path in files if _is_ours(path)}


def _is_ours(path: Path) -> bool:
    try:
        return path.stat().st_uid == os.getuid()
    except FileNotFoundError:  # Its process has just ended.
        return False


def remove_orphans(segments: set[Path]) -> None:
    """Removes those that no process has mapped any more: a killed process leaves its own."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    mapped = set().union(*(segments_of(pid) for pid in pids))
    for path in segments - mapped:
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}_el").unlink(missing_ok=True)


def wait_until(condition: Callable[[], object], what: str, deadline_s: float = _END_S) -> None:
    deadline = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {deadline_s:.0f} s for {what}"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return text.rsplit(")", 1)[1].split()[0] != "Z"
