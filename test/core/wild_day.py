"""What a controller sends on a day when everything is random: chunks, late and doubled ticks."""

from contextlib import suppress
from math import ceil

import numpy as np
from hypothesis import strategies as st

from pi0_ros.core.control_config import ControlConfig
from pi0_ros.core.errors import InputRefused
from pi0_ros.core.limits import ArmLimits
from pi0_ros.core.trajectory import Trajectory

from .arms import STEP_NS
from .rig import Rig

BEGUN_NS = 20_000_000
# By how many ticks a tick is late; below 0 it comes twice within one.
GAP = st.just(0.0) | st.floats(-0.4, 0.4) | st.sampled_from([6.0, 30.0])
GAPS = st.lists(GAP, max_size=60)


def wild_day(
    config: ControlConfig, seed: int, gaps: list[float], limits: ArmLimits | None = None
) -> tuple[Rig, list[tuple[int, Trajectory]]]:
    """The rig at the end of the day, and every message with the arm's time of its sending.

    The first message is the arm at rest.
    """
    rig, random = Rig(config, limits), np.random.default_rng(seed)
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


def present_ns(message: Trajectory, config: ControlConfig) -> int:
    """The tick in which a message was made: it has begun by 20 ms, in whole ticks."""
    return int(message.times_ns[0]) + ceil(BEGUN_NS / config.tick_ns) * config.tick_ns
