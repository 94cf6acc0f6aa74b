"""Policy and controller killed and frozen at random moments of motion, many times."""

import random
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pi0_ros.cli.conformance.case import CaseFailed
from pi0_ros.cli.conformance.stage import CONTROLLER, POLICY, RUN, Stage

# One sway of the scripted policy.
_PHASES_S = 1.8
_NODES = (CONTROLLER, POLICY)
_SIGNALS = (signal.SIGKILL, signal.SIGSTOP)


@dataclass(slots=True)
class KillRecord:
    """What came of it.

    Attributes:
        rest_s: node -> seconds from each signal until the measured arm stood.
        problems: one sentence for each time that went wrong.
    """

    seed: int
    rest_s: dict[str, list[float]] = field(default_factory=lambda: {node: [] for node in _NODES})
    problems: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(map(len, self.rest_s.values())) + len(self.problems)

    @property
    def passed(self) -> bool:
        return not self.problems

    def entry(self) -> Mapping[str, Any]:
        """As in the report."""
        return {
            "count": self.count,
            "seed": self.seed,
            "passed": self.passed,
            "longest_s": {node: round(max(s), 4) for node, s in self.rest_s.items() if s},
            "problems": self.problems,
        }


def kill_again_and_again(
    stage_of: Callable[[], Stage],
    close: Callable[[], None],
    count: int,
    seed: int,
    say: Callable[[str], None],
    stopped: Callable[[], bool] = bool,
) -> KillRecord:
    """Each time the arm must come to rest within its limits, and go on afterwards.

    Args:
        stage_of: gives the present stage, or a new one after `close`.
        seed: of the moments; nodes and signals take turns.
    """
    record = KillRecord(seed)
    moments = random.Random(seed)
    for number in range(count):
        if stopped():
            break
        node, sign = _NODES[number % 2], _SIGNALS[number // 2 % 2]
        wait_s = moments.uniform(0.0, _PHASES_S)
        try:
            record.rest_s[node].append(_once(stage_of(), node, sign, wait_s))
        except CaseFailed as failure:
            record.problems.append(f"{sign.name} of {node} {wait_s:.3f} s into motion: {failure}")
            close()
        say(
            f"{number + 1:3d} of {count}: {sign.name} of {node} after {wait_s:.3f} s: "
            + (
                record.problems[-1]
                if record.problems
                else f"at rest in {record.rest_s[node][-1]:.3f} s"
            )
        )
    return record


def _once(stage: Stage, node: str, sign: signal.Signals, wait_s: float) -> float:
    stage.running()
    stage.wait(wait_s)
    began_ns = stage.send_signal(node, sign)
    seconds = (stage.at_rest(since_ns=began_ns) - began_ns) / 1e9
    stage.judge()
    if sign == signal.SIGSTOP:
        stage.send_signal(node, signal.SIGCONT)
    else:
        stage.ended(node)
        if node == CONTROLLER:
            stage.ear.expect_new_controller()
        stage.start_again(node)
    stage.report(RUN, "", began_ns + round(seconds * 1e9), deadline_s=20.0)
    return seconds
