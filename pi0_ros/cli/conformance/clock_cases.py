"""A clock that jumps, as when a simulation is reset."""

from collections.abc import Callable

from pi0_ros.cli.conformance.case import Case, CaseFailed, Setting
from pi0_ros.cli.conformance.stage import HOLD, RUN, Stage

_TICK_S = 0.02
# The clock's own messages are this far apart.
_CLOCK_S = 0.005
_SIMULATED = Setting(simulated_time=True)


def _jumps(seconds: float, words: str) -> Callable[[Stage], float]:
    def act(stage: Stage) -> float:
        clock = stage.ear.clock
        if clock is None:
            raise CaseFailed("no simulated clock")
        stage.ear.forget()
        stage.ear.expect_jump()
        began_ns = clock.jump(seconds)
        held = stage.report(HOLD, words, began_ns)
        stage.report(RUN, "", began_ns)
        return stage.seconds(held, began_ns)

    return act


CASES = tuple(
    Case(
        name,
        "clock jump, simulation reset",
        "HOLD, everything stamped forgotten; RUN again with fresh inputs",
        _TICK_S + _CLOCK_S,
        _jumps(seconds, words),
        _SIMULATED,
        needs="process",
    )
    for name, seconds, words in (
        ("clock_stepped_back", -30.0, "the clock stepped back"),
        ("clock_jumped_ahead", 30.0, "the clock jumped ahead"),
    )
)
