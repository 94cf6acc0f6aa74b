"""What a demo shows: progress, then a table that redraws itself, or a line a second in a log."""

import os
import select
import shutil
import sys
import time

from pi0_ros.cli.demo.record import DemoRecord
from pi0_ros.cli.demo.table import MIN_COLUMNS, status_line, table

_TABLE_EVERY_S = 0.5
_LINE_EVERY_S = 1.0
# A phase of the start-up that takes longer than this says what it waits for.
_PATIENCE_S = 2.0
_REPEAT_S = 10.0
_CLEAR, _HOME, _END_OF_LINE, _BELOW = "\x1b[2J", "\x1b[H", "\x1b[K", "\x1b[J"
_SAVE, _RESTORE = "\x1b7", "\x1b8"
_PROMPT = "new instruction (type and press Enter): "


class Terminal:
    """Standard output and, where a person sits before it, standard input."""

    def __init__(self, where: str) -> None:
        """
        Args:
            where: how to look in from another terminal; stands below the table.
        """
        size = shutil.get_terminal_size()
        self._live = (
            sys.stdout.isatty() and size.columns >= MIN_COLUMNS and os.environ.get("TERM") != "dumb"
        )
        self._where = where
        self._started_s = time.monotonic()
        self._phase = ""
        self._phase_since_s = self._started_s
        self._phase_said_s: float | None = None
        self._drawn_s = float("-inf")
        self._table_shown = False

    @property
    def elapsed_s(self) -> float:
        """Since the demo began."""
        return time.monotonic() - self._started_s

    def say(self, text: str) -> None:
        print(text, flush=True)

    def say_and_keep(self, text: str) -> None:
        """Says it, and from now on it stands below the table, too."""
        self.leave_table()
        self.say(text)
        self._where = f"{text}\n{self._where}"

    def progress(self, phase: str) -> None:
        """To be called often during start-up with what is waited for."""
        now_s = time.monotonic()
        # A stale age in the text is no new phase.
        if _words(phase) != _words(self._phase):
            self._phase, self._phase_since_s, self._phase_said_s = phase, now_s, None
        last_s = self._phase_said_s
        due = last_s is None and now_s - self._phase_since_s > _PATIENCE_S
        if due or (last_s is not None and now_s - last_s > _REPEAT_S):
            self._phase_said_s = now_s
            self.say(f"  {now_s - self._started_s:4.0f} s  waiting for {phase}")

    def show(self, record: DemoRecord, seconds: float) -> None:
        """To be called often; draws when it is time to."""
        now_s = time.monotonic()
        if now_s - self._drawn_s < (_TABLE_EVERY_S if self._live else _LINE_EVERY_S):
            return
        self._drawn_s = now_s
        if not self._live:
            self.say(status_line(record, seconds))
            return
        columns = shutil.get_terminal_size().columns
        lines = table(record, seconds, columns, self._where)
        body = "".join(f"{line}{_END_OF_LINE}\n" for line in lines)
        if self._table_shown:
            # The cursor stays behind what the person is typing.
            text = f"{_SAVE}{_HOME}{body}{_RESTORE}"
        else:
            text = f"{_CLEAR}{_HOME}{body}{_BELOW}{_PROMPT}"
        self._table_shown = True
        sys.stdout.write(text)
        sys.stdout.flush()

    def typed_line(self) -> str | None:
        """A line that the person has completed; None where there is none."""
        if not (self._live and self._table_shown and _is_ours(sys.stdin.fileno())):
            return None
        if not select.select([sys.stdin], [], [], 0.0)[0]:
            return None
        line = sys.stdin.readline()
        # Enter moved the cursor: draw everything anew.
        self._table_shown, self._drawn_s = False, float("-inf")
        return line.strip() or None

    def leave_table(self) -> None:
        """What is printed next stands below the table."""
        if self._table_shown:
            self._table_shown = False
            self.say("")


def _words(phase: str) -> str:
    return "".join(character for character in phase if not character.isdigit())


def _is_ours(descriptor: int) -> bool:
    """Whether it is a terminal and we are in its foreground, so that reading cannot stop us."""
    try:
        return os.isatty(descriptor) and os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        return False
