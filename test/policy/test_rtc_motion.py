"""The demo checkpoint on a simulated arm: splices, pauses and growth at injected latencies."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from pi0_ros.core.control_config import ControlConfig
from pi0_ros.policy.chunk_timer import TimingConfig
from pi0_ros.policy.interface import Policy
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.policy_config import PolicyConfig, default_feature
from pi0_ros.policy.rtc_config import RtcConfig, RtcMethod
from pi0_ros.sim.demo_arm import HOME, LIMITS
from pi0_ros.sim.demonstrations import ACTION_RATE_HZ
from pi0_ros.sim.renderer import SceneRenderer

from .rtc_rig import Played, Stage

FOLDER = Path(__file__).parents[2] / "checkpoints" / "demo"
STEP_NS = round(1e9 / ACTION_RATE_HZ)
# The arm is under way by then, and no longer catching up with its first chunk.
SETTLED = 10
QUICK_S = 0.01


@cache
def policy(method: RtcMethod | None) -> Policy:
    return load_policy(
        PolicyConfig(
            path=FOLDER,
            mode="demo",
            camera_features={name: default_feature(name) for name in ("main", "side", "top")},
            joints=6,
            device="cpu",
            rtc=None if method is None else RtcConfig(method),
        )
    )


def played(
    method: RtcMethod | None,
    latency_s: Callable[[int], float],
    seconds: float = 8.0,
    speed_scale: float = 1.0,
    stretch: bool = True,
) -> Played:
    config, timing = ControlConfig(speed_scale=speed_scale), TimingConfig(STEP_NS, stretch=stretch)
    stage = Stage(policy(method), SceneRenderer().render, LIMITS, HOME, timing, config=config)
    result = stage.play(seconds, latency_s)
    # The one whose picture is from before the activation.
    assert dict(result.rejected) == {"before hold": 1}
    return result


def injected(latency_s: float) -> Callable[[int], float]:
    return lambda number: latency_s if number >= SETTLED else QUICK_S


def splices(result: Played) -> np.ndarray:
    errors = np.array(result.splice_errors[SETTLED:])
    assert len(errors) >= 6
    return errors


@pytest.mark.parametrize("latency_s", [QUICK_S, 0.3, 0.5, 0.7])
def test_the_jump_at_the_splice_is_a_tenth_of_naive_replacement_without_a_pause(
    latency_s: float,
) -> None:
    naive, guided = played(None, injected(latency_s)), played("identity", injected(latency_s))
    assert np.median(splices(guided)) <= 0.1 * np.median(splices(naive))
    assert splices(guided).max() <= 0.1 * splices(naive).max()
    assert guided.paused == 0


@pytest.mark.parametrize("latency_s", [0.7, 0.9, 1.5])
def test_so_it_is_at_any_latency_up_to_a_chunk_from_the_first_chunk_on(latency_s: float) -> None:
    """49 steps of a 30th of a second are 1.63 s."""
    seconds = 12.0 * latency_s
    naive, guided = (played(one, lambda _: latency_s, seconds) for one in (None, "identity"))
    # The first one is refused here, so that the second is compared with nothing it could go on.
    first, second = (np.array(one.splice_errors[2:]) for one in (naive, guided))
    assert len(second) >= 6
    assert second.max() <= 0.1 * first.max()
    assert np.median(second) <= 0.1 * np.median(first)
    assert naive.paused == guided.paused == 0


def test_without_stretching_it_pauses_beyond_half_a_chunk() -> None:
    assert played(None, lambda _: 1.1, stretch=False).paused > 0


def test_the_published_method_makes_it_smaller_too() -> None:
    naive, guided = played(None, injected(0.3)), played("jacobian", injected(0.3))
    assert np.median(splices(guided)) <= 0.5 * np.median(splices(naive))
    assert guided.paused == 0


def test_a_speed_scale_is_not_outrun() -> None:
    """Guided by the clock alone, each chunk would run on ahead of a slow arm."""
    way = {
        method: np.abs(np.diff(played(method, injected(QUICK_S), 10.0, 0.3).positions, axis=0))
        for method in (None, "identity")
    }
    assert way["identity"].sum() <= 1.1 * way[None].sum()


def test_latency_that_comes_and_goes_makes_nothing_grow() -> None:
    rng = np.random.default_rng(5)
    latencies = [QUICK_S] * SETTLED + rng.choice([0.02, 0.1, 0.4], 400).tolist()
    result = played("identity", lambda number: latencies[number], seconds=24.0)
    assert result.paused == 0
    # A picture's age and a tick until delivery come on top.
    assert max(result.delays_s) <= 0.4 + 0.05
    errors = splices(result)
    third = len(errors) // 3
    assert np.median(errors[-third:]) <= 2.0 * np.median(errors[:third])
    assert errors.max() < 0.02


def test_a_latency_that_is_over_leaves_nothing_behind() -> None:
    spell = range(SETTLED, SETTLED + 5)
    after = played("identity", lambda n: 0.6 if n in spell else QUICK_S, seconds=12.0)
    never = played("identity", lambda _: QUICK_S, seconds=12.0)
    last = slice(-20, None)
    assert after.paused == 0
    assert np.median(after.splice_errors[last]) <= 2.0 * np.median(never.splice_errors[last])
    assert max(after.delays_s[last]) <= max(never.delays_s[last]) + 1e-9
