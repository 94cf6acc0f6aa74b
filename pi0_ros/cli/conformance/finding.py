"""What came of a case."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pi0_ros.cli.conformance.case import Case


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a case.

    Attributes:
        detected_s: seconds until it was detected; None where the promised reaction did not come.
        problem: what went wrong, in words; empty where the reaction came.
    """

    detected_s: float | None
    problem: str = ""

    def in_time(self, deadline_s: float) -> bool:
        return self.detected_s is not None and self.detected_s <= deadline_s

    def entry(self) -> Mapping[str, Any]:
        """As in the report."""
        seconds = self.detected_s
        return {
            "detected_s": None if seconds is None else round(seconds, 4),
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """One case that was run.

    Attributes:
        attempts: all of them. Another one is made where one did not pass, since other programs on
            a busy machine delay processes; it passes where the last one did.
    """

    case: Case
    attempts: tuple[Attempt, ...]

    @property
    def passed(self) -> bool:
        return bool(self.attempts) and self.attempts[-1].in_time(self.case.deadline_s)

    def entry(self) -> Mapping[str, Any]:
        """As in the report."""
        return {
            "name": self.case.name,
            "fault": self.case.fault,
            "passed": self.passed,
            "reaction": self.case.reaction,
            **(self.attempts[-1] if self.attempts else Attempt(None, "not tried")).entry(),
            "deadline_s": round(self.case.deadline_s, 4),
            "attempts": [attempt.entry() for attempt in self.attempts],
        }

    def line(self) -> str:
        """For the terminal."""
        return "\n".join(self._line(attempt) for attempt in self.attempts)

    def _line(self, attempt: Attempt) -> str:
        seconds, deadline_s = attempt.detected_s, self.case.deadline_s
        verdict = "FAIL" if seconds is None else "ok  " if seconds <= deadline_s else "LATE"
        shown = "      -" if seconds is None else f"{1000 * seconds:5.0f} ms"
        return (
            f"{verdict} {self.case.name:36} {shown} of {1000 * deadline_s:5.0f} ms  "
            f"{attempt.problem or self.case.reaction}"
        )
