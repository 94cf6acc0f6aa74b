"""Messages that come late, twice, in another order or never: the arm still keeps its limits."""

import bisect

from hypothesis import given, settings
from hypothesis import strategies as st

from pi0_ros.core.control_config import ControlConfig

from .played_curve import PlayedCurve
from .wild_day import GAPS, present_ns, wild_day


@settings(max_examples=60)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**32 - 1), GAPS, st.data())
def test_any_arrival_within_the_lead_keeps_the_limits(lead, lookahead, seed, gaps, data):
    config = ControlConfig(lead_ticks=lead, lookahead_ticks=lookahead)
    rig, messages = wild_day(config, seed, gaps)
    sent = [time for time, _ in messages]
    # A message stays true until `lead` ticks after the one sent after it was made.
    true_until = [
        present_ns(following, config) + lead * config.tick_ns for _, following in messages[1:]
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
    rig, _ = wild_day(ControlConfig(control_rate_hz=rate), seed, gaps)
    rig.curve.check()


def test_the_judge_finds_what_an_untimely_arrival_breaks():
    """The checks above can fail: a message later than the lead makes the arm jump."""
    config = ControlConfig(lead_ticks=1, lookahead_ticks=1)
    rig, messages = wild_day(config, seed=2, gaps=[0.0] * 40)
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
