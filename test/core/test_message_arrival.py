"""Messages that come late, twice, in another order or never: the arm still keeps its limits."""

import bisect
from contextlib import suppress

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.errors import InputRefused
from pi0_ros.core.trajectory import Trajectory

from .arms import STEP_NS
from .played_curve import PlayedCurve
from .rig import Rig


def _sent(config: ControlConfig, seed: int, gaps: list[float]) -> tuple[Rig, list[tuple]]:
    """Messages of a wild day with the arm's times of sending."""
    rig, random = Rig(config), np.random.default_rng(seed)
    rig.activate()
    messages: list[tuple[int, Trajectory]] = [rig.curve.arrivals[-1]]
    for index, gap in enumerate(gaps):
        if index % 7 == 0:
            step = random.uniform(-2.0, 2.0, (30, 6)) * rig.limits.velocity * STEP_NS / 1e9
            rows = rig.loop.report().position + random.uniform(-0.3, 0.3, 6) + step.cumsum(axis=0)
            with suppress(InputRefused):
                rig.send(np.clip(rows, rig.limits.lower, rig.limits.upper))
        rig.tick(late_ticks=gap)
        messages.append(rig.curve.arrivals[-1])
    return rig, messages


GAPS = st.lists(st.just(0.0) | st.floats(-0.4, 0.4) | st.sampled_from([6.0, 30.0]), max_size=60)


@settings(max_examples=60)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**32 - 1), GAPS, st.data())
def test_any_arrival_within_the_lead_keeps_the_limits(lead, lookahead, seed, gaps, data):
    config = ControlConfig(lead_ticks=lead, lookahead_ticks=lookahead)
    rig, messages = _sent(config, seed, gaps)
    sent = [time for time, _ in messages]
    # A message stays true until `lead` ticks after the first point of the one sent after it.
    true_until = [
        int(following.times_ns[0]) + lead * config.tick_ns for _, following in messages[1:]
    ]
    true_until.append(int(messages[-1][1].times_ns[-1]) + 10**9)
    heard = PlayedCurve(rig.limits, config.tick_ns)
    now, active = messages[0][0], 0
    heard.arrive(now, messages[0][1])
    while active < len(messages) - 1:
        now = data.draw(st.integers(max(now, sent[active]), true_until[active]), label="arrives")
        newest = bisect.bisect_right(sent, now) - 1
        oldest = next(index for index in range(newest + 1) if true_until[index] >= now)
        active = data.draw(st.integers(oldest, newest), label="message")
        if active == newest and now == true_until[active]:
            active = min(active + 1, len(messages) - 1)
            now = max(now, sent[active])
        heard.arrive(now, messages[active][1])
        heard.check(now - 6 * config.tick_ns)


@given(st.sampled_from([30.0, 50.0, 200.0]), st.integers(0, 2**32 - 1), GAPS)
def test_an_arm_that_hears_everything_at_once_keeps_the_limits(rate, seed, gaps):
    rig, _ = _sent(ControlConfig(control_rate_hz=rate), seed, gaps)
    rig.curve.check()


def test_the_judge_finds_what_an_untimely_arrival_breaks():
    """The checks above can fail: a message later than the lead makes the arm jump."""
    config = ControlConfig(lead_ticks=1, lookahead_ticks=1)
    rig, messages = _sent(config, seed=2, gaps=[0.0] * 40)
    heard = PlayedCurve(rig.limits, config.tick_ns)
    heard.arrive(*messages[0])
    broken = []
    for time, message in messages[1:]:
        heard.arrive(time + 3 * config.tick_ns, message)
        try:
            heard.check()
        except AssertionError as failure:
            broken.append(str(failure))
    assert len(broken) > 10
    assert any("velocity" in failure for failure in broken)
