"""What the engine keeps from one chunk to the next."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pi0_ros.core.chunk_time import ChunkTime
from pi0_ros.core.observation import Observation
from pi0_ros.policy.fast.graph import RecordedCall
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.policy_config import PolicyConfig
from pi0_ros.policy.processors import Processors
from pi0_ros.policy.rtc_config import RtcConfig, RtcMethod

Make = Callable[..., PolicyConfig]

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")


def told(observation: Observation, instruction: str) -> Observation:
    return Observation(1, observation.images, observation.positions, instruction)


def test_a_prompt_is_tokenized_once_until_it_changes(
    trained: Path, config_for: Make, observation: Observation, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = load_policy(config_for(trained, mode="demo"))
    tokenized = []
    original = Processors.tokens

    def tokens(self: Processors, text: str, *rest: object) -> torch.Tensor:
        tokenized.append(text)
        return original(self, text, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Processors, "tokens", tokens)
    for text in ("go", "go", "stop", "stop", "go"):
        policy.infer(told(observation, text))
    assert tokenized == ["go", "stop", "go"]


@needs_cuda
def test_a_recorded_call_reads_its_inputs_anew() -> None:
    value = torch.ones(3, device="cuda")
    call = RecordedCall(lambda: 2 * value, value.device, torch.cuda.graph_pool_handle())
    for number in (1.0, 5.0):
        value.fill_(number)
        assert call().tolist() == [2 * number] * 3


@needs_cuda
def test_cuda_gives_what_the_cpu_gives(
    trained: Path, config_for: Make, observation: Observation
) -> None:
    cpu, cuda = (
        load_policy(config_for(trained, mode="demo", device=device)) for device in ("cpu", "cuda")
    )
    # Twice each: the second time from the recording.
    for text in ("go to the red block", "go", "go", "go to the red block"):
        moment = told(observation, text)
        np.testing.assert_allclose(cuda.infer(moment), cpu.infer(moment), atol=1e-3)


@needs_cuda
@pytest.mark.parametrize("method", ["identity", "jacobian"])
def test_cuda_gives_what_the_cpu_gives_guided(
    trained: Path, config_for: Make, observation: Observation, method: RtcMethod
) -> None:
    rtc = RtcConfig(method, max_distance=10.0)
    cpu, cuda = (
        load_policy(config_for(trained, mode="demo", device=device, rtc=rtc))
        for device in ("cpu", "cuda")
    )
    # The first guided one is recorded, the later ones are played back.
    for row in range(4):
        moment = replace(observation, time=ChunkTime(float(row), 2.0))
        assert np.abs(cpu.infer(moment) - cuda.infer(moment)).max() < 1e-3
