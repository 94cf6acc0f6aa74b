"""`pi0 view` beside a demo: one more process, which may go without anything else going."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pi0_ros.bringup import NodeSpec
from pi0_ros.cli.demo.processes import in_words
from pi0_ros.cli.demo.terminal import Terminal

# The end of a video takes far less.
_END_S = 5.0


@dataclass(frozen=True, slots=True)
class WantedView:
    """What the user asked for.

    Attributes:
        port: of the page, 0 for any; None for no page.
        video: None for none.
    """

    port: int | None
    video: Path | None


class Viewer:
    """The process; without a wish there is none, and nothing here does anything."""

    def __init__(
        self,
        wanted: WantedView | None,
        specs: Sequence[NodeSpec],
        environment: Mapping[str, str],
        folder: Path,
    ) -> None:
        """Starts it.

        Args:
            specs: the demo's nodes.
            environment: with the demo's ROS domain.
            folder: for its log.
        """
        self._wanted = wanted
        self._log = folder / "view.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._said_address = self._said_end = False
        if wanted is None:
            return
        policy = next(spec for spec in specs if spec.name == "pi0_policy")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "pi0_ros.cli.tethered", str(os.getpid())),
                    *("pi0_ros.cli.main", *view_words(wanted, policy)),
                ],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

    def follow(self, terminal: Terminal) -> None:
        """To be called often: says where the page is, and that the process ended if it did."""
        if self._process is None:
            return
        if not self._said_address and (address := self._line("http://")):
            self._said_address = True
            terminal.say_and_keep(f"view: {address.split()[0]}")
        if not self._said_end and self._process.poll() is not None:
            self._said_end = True
            terminal.say_and_keep(f"{self._ended()}; the arm goes on")

    def ask_to_end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)

    def end(self, terminal: Terminal) -> None:
        """Waits for the end, which was asked for, and makes it certain."""
        if self._process is None:
            return
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if video := self._line("video: "):
            terminal.say(video)

    def problems(self) -> list[str]:
        """What of the wish was not fulfilled, in words; to be asked after the end."""
        if self._process is None or self._wanted is None or self._wanted.video is None:
            return []
        if self._process.returncode == 0:
            return []
        return [f"--video {self._wanted.video}: missing or not complete: {self._ended()}"]

    def _ended(self) -> str:
        assert self._process is not None
        last = self._lines()[-1:]
        return f"view {in_words(self._process.returncode)}: {''.join(last) or self._log}"

    def _line(self, beginning: str) -> str:
        return next((line for line in self._lines() if line.startswith(beginning)), "")

    def _lines(self) -> list[str]:
        text = self._log.read_text(encoding="utf-8", errors="replace")
        # One that is not complete is not read yet.
        return text[: text.rfind("\n") + 1].splitlines()


def view_words(wanted: WantedView, policy: NodeSpec) -> list[str]:
    """The command line for the arm whose policy this is, in the environment's ROS domain."""
    words = ["view", "--params-file", str(policy.params_file), "--namespace", policy.namespace]
    transport = policy.parameters.get("camera_transport")
    if transport is not None:
        words += ["--transport", transport]
    words += ["--no-page"] if wanted.port is None else ["--port", str(wanted.port)]
    if wanted.video is not None:
        words += ["--video", str(wanted.video), "--video-from", "run"]
    return words
