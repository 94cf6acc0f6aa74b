"""Processes that are killed or frozen in motion."""

import signal
from collections.abc import Callable

from pi0_ros.cli.conformance.case import Case, CaseFailed
from pi0_ros.cli.conformance.stage import CONTROLLER, HOLD, POLICY, RUN, Stage
from pi0_ros.ros import topics

_BUFFER_S = 50 / 30.0
# Three ticks of look-ahead, two of lead, and braking from full speed.
_TAIL_S = 0.1 + 0.5
# A measured arm lags and creeps; DDS and the joint states add their part.
_LAG_S = 0.2

_KILLED = "SIGKILL or SIGSTOP of the policy or the controller in motion"


def _policy(number: signal.Signals) -> Callable[[Stage], float]:
    def act(stage: Stage) -> float:
        began_ns = stage.send_signal(POLICY, number)
        held = stage.report(HOLD, "ran out", began_ns)
        stage.at_rest()
        if number == signal.SIGSTOP:
            again_ns = stage.send_signal(POLICY, signal.SIGCONT)
            stage.report(RUN, "", again_ns)
        return stage.seconds(held, began_ns)

    return act


def _controller(number: signal.Signals) -> Callable[[Stage], float]:
    """At rest by the end of the braking that was sent already."""

    def act(stage: Stage) -> float:
        began_ns = stage.send_signal(CONTROLLER, number)
        rested_ns = stage.at_rest()
        last = stage.ear.of(topics.JOINT_TRAJECTORY)[-1]
        end_ns = int(stage.ear.curve(last)[0][-1])
        if (rested_ns - end_ns) / 1e9 > _LAG_S:
            raise CaseFailed(f"at rest {(rested_ns - end_ns) / 1e9:.3f} s after the tail's end")
        if number == signal.SIGSTOP:
            again_ns = stage.send_signal(CONTROLLER, signal.SIGCONT)
            stage.report(RUN, "", again_ns)
        return max(0.0, (rested_ns - began_ns) / 1e9)

    return act


CASES = tuple(
    Case(
        f"{name}_{word}",
        _KILLED,
        "the arm comes to rest within limits",
        deadline_s,
        act(number),
        needs="process" if name == "policy" else "any",
        spends=number == signal.SIGKILL,
    )
    for name, act, deadline_s in (
        ("policy", _policy, _BUFFER_S + _TAIL_S),
        ("controller", _controller, _TAIL_S + _LAG_S),
    )
    for word, number in (("frozen", signal.SIGSTOP), ("killed", signal.SIGKILL))
)
