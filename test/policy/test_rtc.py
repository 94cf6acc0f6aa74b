"""What a chunk is guided by: which rows, how firmly, and when by none."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pi0_ros.core.chunk_time import ChunkTime
from pi0_ros.core.errors import CheckpointError, ConfigurationError
from pi0_ros.core.observation import Observation
from pi0_ros.policy.fast.engine import FastEngine
from pi0_ros.policy.fast.guidance import Guidance, soft_mask
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.remote.remote_config import RemoteConfig
from pi0_ros.policy.rtc import RealTimeChunking
from pi0_ros.policy.rtc_config import RtcConfig

Make = Callable[..., PolicyConfig]

STEP_NS = 20_000_000
HORIZON = 8
CONFIG = RtcConfig("identity")
# Row i is at 0.1 i rad, for both joints.
ROWS = 0.1 * np.arange(HORIZON)[:, np.newaxis] * np.ones(2)


class Engine:
    """Takes note of what it is guided by."""

    name = "fast"
    vocabulary = 1
    noise_shape = (HORIZON, 32)
    flow_steps = 6

    def __init__(self) -> None:
        self.guided: list[Guidance | None] = []

    def chunk(self, *_inputs: object, guidance: Guidance | None = None, **_: object) -> Any:
        self.guided.append(guidance)


class Processors:
    """Actions relative to the state, a tenth of the unit each; `lossy` spoils the way back."""

    def __init__(self, lossy: bool = False) -> None:
        self._lossy = lossy
        self._state = np.zeros(2)

    def scale_actions(self, rows: np.ndarray, positions: np.ndarray) -> torch.Tensor:
        self._state = positions
        return torch.from_numpy(10.0 * (rows - positions)).float()

    def after(self, chunk: torch.Tensor) -> torch.Tensor:
        scale = 0.2 if self._lossy else 0.1
        return scale * chunk + torch.from_numpy(self._state)


def at_row(row: float, takeover_row: float | None = 3.0, **changes: Any) -> Observation:
    """An observation of an arm that follows ROWS, `row` rows after the chunk's first.

    Args:
        takeover_row: rows after the observation.
    """
    stamp_ns = round(row * STEP_NS)
    time = ChunkTime(row, takeover_row)
    made = Observation(stamp_ns, {}, 0.1 * row * np.ones(2), "go", 1, time)
    return replace(made, **changes)


def guidance_of(observation: Observation, config: RtcConfig = CONFIG) -> Guidance | None:
    """By what the chunk of `observation` is guided after the chunk ROWS of epoch 1."""
    engine = Engine()
    rtc = RealTimeChunking(config, engine, Processors(), 1.0)  # type: ignore[arg-type]
    rtc.remember(at_row(0.0), ROWS)
    rtc.chunk(observation, [], observation.positions, torch.zeros(1))
    return engine.guided[0]


@pytest.mark.parametrize("row", [0.0, 2.0, 2.25, 6.75])
def test_the_target_is_the_chunk_before_from_the_observation_on_seen_from_the_new_state(
    row: float,
) -> None:
    guidance = guidance_of(at_row(row))
    assert guidance is not None
    shared = int(HORIZON - 1 - row) + 1
    # In rad row i is at 0.1 (row + i), and the state is at 0.1 row; a tenth of a rad is 1.
    expected = np.arange(shared)[:, np.newaxis] * np.ones(2)
    assert guidance.target[:shared].numpy() == pytest.approx(expected, abs=1e-5)
    assert guidance.target.shape == (HORIZON, 2)
    assert guidance.weights[shared:].abs().max() == 0.0 if shared < HORIZON else True


@pytest.mark.parametrize(("takeover_row", "frozen"), [(0.0, 2), (1.0, 3), (1.2, 4), (2.0, 4)])
def test_rows_are_frozen_until_the_measured_takeover_and_as_far_as_its_curve_reaches(
    takeover_row: float, frozen: int
) -> None:
    guidance = guidance_of(at_row(2.0, takeover_row))
    assert guidance is not None
    assert torch.equal(guidance.weights[:, 0], soft_mask(HORIZON, frozen, HORIZON - 2))


@pytest.mark.parametrize(("horizon", "guided"), [(0, 6), (5, 5), (2, 4), (8, 6)])
def test_the_execution_horizon_ends_the_guidance_but_not_within_the_delay(
    horizon: int, guided: int
) -> None:
    guidance = guidance_of(at_row(2.0, 2.0), replace(CONFIG, horizon=horizon))
    assert guidance is not None
    assert torch.equal(guidance.weights[:, 0], soft_mask(HORIZON, 4, guided))


def test_a_delay_beyond_the_chunk_before_freezes_what_there_is() -> None:
    guidance = guidance_of(at_row(4.0, 30.0))
    assert guidance is not None
    assert guidance.weights[:, 0].tolist() == [1.0] * 4 + [0.0] * 4


@pytest.mark.parametrize(
    "observation",
    [
        at_row(2.0, epoch=2),
        at_row(2.0, epoch=0),
        at_row(7.1),
        at_row(500.0),
        at_row(-0.1),
        at_row(2.0, takeover_row=None),
        at_row(2.0, positions=np.array([0.2, 0.5])),
    ],
    ids=["new epoch", "old epoch", "ended", "gap", "earlier", "delay unknown", "not followed"],
)
def test_a_chunk_that_does_not_play_on_guides_nothing(observation: Observation) -> None:
    assert guidance_of(observation) is None


def test_an_arm_that_plays_chunks_slower_than_they_ask_is_not_guided() -> None:
    """By the clock it would be at row 1, it is at row 0.3."""
    engine = Engine()
    rtc = RealTimeChunking(CONFIG, engine, Processors(), 1.0)  # type: ignore[arg-type]
    rtc.remember(at_row(0.0), ROWS)
    slow = at_row(1.0, positions=0.03 * np.ones(2))
    rtc.chunk(slow, [], slow.positions, torch.zeros(1))
    assert engine.guided == [None]


def test_the_first_chunk_and_one_after_forgetting_are_guided_by_nothing() -> None:
    engine = Engine()
    rtc = RealTimeChunking(CONFIG, engine, Processors(), 1.0)  # type: ignore[arg-type]
    rtc.chunk(at_row(0.0), [], np.zeros(2), torch.zeros(1))
    rtc.remember(at_row(0.0), ROWS)
    rtc.forget()
    rtc.chunk(at_row(1.0), [], np.zeros(2), torch.zeros(1))
    assert engine.guided == [None, None]


@pytest.mark.parametrize(("asked", "used"), [(0.0, 6.0), (5.0, 5.0)])
@pytest.mark.parametrize("method", ["identity", "jacobian"])
def test_method_and_weight_reach_the_engine(method: Any, asked: float, used: float) -> None:
    guidance = guidance_of(at_row(1.0), RtcConfig(method, max_weight=asked))
    assert guidance is not None
    assert guidance.jacobian == (method == "jacobian")
    assert guidance.max_weight == used


def test_pipelines_that_do_not_undo_each_other_are_refused() -> None:
    rtc = RealTimeChunking(CONFIG, Engine(), Processors(), 1.0)  # type: ignore[arg-type]
    rtc.check(ROWS)
    lossy = RealTimeChunking(CONFIG, Engine(), Processors(lossy=True), 1.0)  # type: ignore[arg-type]
    with pytest.raises(CheckpointError, match="rtc to 'off'"):
        lossy.check(ROWS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "magic"}, "rtc: expected off, identity or jacobian"),
        ({"horizon": -1}, "rtc_execution_horizon"),
        ({"max_weight": float("nan")}, "rtc_max_guidance_weight"),
        ({"max_distance": float("inf")}, "rtc_max_distance"),
    ],
)
def test_impossible_values_are_refused_by_parameter(changes: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        RtcConfig(**{"method": "identity", **changes})


def test_an_engine_that_cannot_do_it_is_an_error(trained: Path, config_for: Make) -> None:
    with pytest.raises(ConfigurationError, match="engine to be 'fast'"):
        config_for(trained, mode="demo", engine="lerobot", rtc=CONFIG)


def test_a_horizon_beyond_the_chunk_is_an_error(trained: Path, config_for: Make) -> None:
    config = config_for(trained, mode="demo", rtc=replace(CONFIG, horizon=HORIZON + 1))
    with pytest.raises(ConfigurationError, match="rtc_execution_horizon"):
        load_policy(config)


@pytest.mark.parametrize("units", ["rad", "deg"])
@pytest.mark.parametrize("method", ["identity", "jacobian"])
def test_chunks_go_on_where_the_one_before_leads_and_of_another_epoch_nothing_is_left(
    trained: Path, config_for: Make, observation: Observation, method: Any, units: str
) -> None:
    config = config_for(trained, mode="demo", policy_units=units)
    free = load_policy(config)
    rtc = RtcConfig(method, max_distance=10.0)
    guided = load_policy(replace(config, rtc=rtc))
    first = replace(observation, epoch=4, time=ChunkTime(1.0, 1.0))
    played = free.infer(first)
    # Bit for bit: without a chunk before there is no other arithmetic.
    assert np.array_equal(guided.infer(first), played)
    # As far as the chunk asks for in a row.
    moved = observation.positions + played[1] - played[0]
    second = replace(first, time=ChunkTime(2.0, 2.0), positions=moved)
    before, naive = played[1:5], free.infer(second)[:4]
    agreed = guided.infer(second)[:4]
    assert np.abs(agreed - before).max() < np.abs(naive - before).max()
    third = replace(second, epoch=5, time=ChunkTime(3.0, 2.0))
    assert np.array_equal(guided.infer(third), free.infer(third))


def test_warming_up_leaves_nothing_behind_and_runs_the_guided_way(
    trained: Path, config_for: Make, observation: Observation, monkeypatch: pytest.MonkeyPatch
) -> None:
    guided: list[object] = []
    original = FastEngine.chunk

    def chunk(self: FastEngine, *inputs: Any, guidance: Guidance | None = None) -> torch.Tensor:
        guided.append(guidance)
        return original(self, *inputs, guidance=guidance)

    monkeypatch.setattr(FastEngine, "chunk", chunk)
    policy = load_policy(config_for(trained, mode="demo", rtc=CONFIG))
    assert [one is not None for one in guided] == [False, True]
    policy.infer(replace(observation, time=ChunkTime(0.0, 0.0)))
    assert guided[-1] is None


def test_a_failed_inference_leaves_the_chunk_that_plays_in_place(
    trained: Path, config_for: Make, observation: Observation, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = load_policy(config_for(trained, mode="demo", rtc=replace(CONFIG, max_distance=10.0)))
    policy.infer(replace(observation, time=ChunkTime(0.0, None)))
    remembered = policy._rtc._before  # type: ignore[attr-defined]
    original = FastEngine.chunk

    def failing(*inputs: Any, **options: Any) -> torch.Tensor:
        return original(*inputs, **options) * float("nan")

    monkeypatch.setattr(FastEngine, "chunk", failing)
    with pytest.raises(Exception, match="not finite"):
        policy.infer(replace(observation, time=ChunkTime(1.0, 1.0)))
    assert remembered is not None
    assert policy._rtc._before is remembered  # type: ignore[attr-defined]


def test_a_remote_policy_cannot_be_guided(trained: Path, config_for: Make) -> None:
    remote = RemoteConfig(url="ws://127.0.0.1:8000")
    with pytest.raises(ConfigurationError, match="needs a policy in this process"):
        config_for(trained, mode="demo", remote=remote, rtc=CONFIG)
