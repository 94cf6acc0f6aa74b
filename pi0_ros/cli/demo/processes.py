"""The processes of a bring-up: start, watch, stop. None outlives this process."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from pi0_ros.bringup import NodeSpec

# From the polite request to the certain end; together below five seconds.
_SIGINT_S = 4.2
_SIGTERM_S = 0.4
_POLL_S = 0.02
_LOG_LINES = 8
# What stands before an executable's name to make a module of it.
_MODULES = "pi0_ros.ros."


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended; `status` is negative for a signal."""

    name: str
    status: int


class Processes:
    """Subprocesses with one node each, in process groups of their own.

    A Ctrl-C in the terminal reaches this process only, which then stops them in order.
    """

    def __init__(
        self, specs: Sequence[NodeSpec], environment: Mapping[str, str], log_folder: Path
    ) -> None:
        """Starts all.

        Args:
            environment: complete environment of the processes.
            log_folder: one `<node>.log` each, and the parameters each was given.
        """
        self.log_folder = log_folder
        self._specs = {spec.name: spec for spec in specs}
        self._environment = dict(environment)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.ended: list[Ended] = []
        for name in self._specs:
            self.start(name)

    @property
    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in self._running.items()}

    def start(self, name: str) -> None:
        """Starts one that does not run: at first, or again after its end."""
        self._running[name] = _start(self._specs[name], self._environment, self.log_folder)

    def status_of(self, name: str) -> int | None:
        """Exit status of its newest end, negative for a signal; None while it runs."""
        self._collect()
        if name in self._running:
            return None
        return next(end.status for end in reversed(self.ended) if end.name == name)

    def deaths(self) -> str:
        """Who ended by itself, in words, with its last log lines; empty where all are alive."""
        self._collect()
        if not self.ended:
            return ""
        first = self.ended[0]
        return (
            f"{first.name} {in_words(first.status)}; the end of "
            f"{self.log_folder / first.name}.log:\n{self._last_lines(first.name)}"
        )

    def stop(self) -> None:
        """Ends all: SIGINT, then SIGTERM, then SIGKILL; returns when none is left."""
        for sign, patience_s in ((signal.SIGINT, _SIGINT_S), (signal.SIGTERM, _SIGTERM_S)):
            self._signal(sign)
            if self._wait(patience_s):
                return
        self.kill()

    def kill(self) -> None:
        """Ends all at once."""
        self._signal(signal.SIGKILL)
        self._wait(float("inf"))

    def _signal(self, sign: signal.Signals) -> None:
        self._collect()
        for process in self._running.values():
            os.killpg(process.pid, sign)

    def _wait(self, patience_s: float) -> bool:
        deadline = time.monotonic() + patience_s
        while self._running:
            self._collect()
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_S)
        return True

    def _collect(self) -> None:
        for name, process in list(self._running.items()):
            status = process.poll()
            if status is not None:
                del self._running[name]
                self.ended.append(Ended(name, status))

    def output_of(self, name: str) -> str:
        """What it has printed."""
        return (self.log_folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def _last_lines(self, name: str) -> str:
        lines = self.output_of(name).strip().splitlines()[-_LOG_LINES:]
        return "\n".join(f"  {line}" for line in lines) or "  (empty)"


def failures(ended: Iterable[Ended]) -> list[str]:
    """What went wrong at the end, in words; empty where every process ended well."""
    return [f"{end.name} {in_words(end.status)}" for end in ended if end.status != 0]


def in_words(status: int) -> str:
    """How a process ended: "ended with exit status 1", "was ended by SIGKILL"."""
    if status >= 0:
        return f"ended with exit status {status}"
    return f"was ended by {signal.Signals(-status).name}"


def _start(
    spec: NodeSpec, environment: Mapping[str, str], log_folder: Path
) -> "subprocess.Popen[bytes]":
    parameters = log_folder / f"{spec.name}.params.yaml"
    parameters.write_text(yaml.safe_dump(spec.parameter_document()), encoding="utf-8")
    command = [
        # -P: the current folder may hold sources without the generated messages.
        *(sys.executable, "-P", "-m", "pi0_ros.cli.tethered", str(os.getpid())),
        f"{_MODULES}{spec.executable}",
        *spec.ros_arguments(parameters),
        # What goes to the terminal goes to our log file; a second copy helps nobody.
        "--disable-external-lib-logs",
    ]
    with (log_folder / f"{spec.name}.log").open("wb") as log:
        return subprocess.Popen(
            command,
            env={**environment, **spec.variables()},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
