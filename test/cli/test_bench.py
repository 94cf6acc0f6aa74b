"""`pi0 bench` as a user meets it, on random weights of the demo's size."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from pi0_ros.cli.bench import session
from pi0_ros.cli.bench.machine import Rates, measure_rates
from pi0_ros.cli.bench.names import DEFAULT, PEERS, REFERENCE
from pi0_ros.cli.main import main
from pi0_ros.policy.engine import STAGES
from pi0_ros.policy.fast.engine import FastEngine

ROUNDING = 1e-4


@pytest.fixture(scope="module")
def rates() -> Rates:
    return measure_rates(torch.device("cpu"))


@pytest.fixture(autouse=True)
def measured_once(rates: Rates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "measure_rates", lambda device: rates)


def bench(folder: Path, *options: str) -> dict[str, Any]:
    path = folder / "bench.json"
    words = ["bench", "--random", "tiny", "--repeats", "2", "--report", str(path), *options]
    assert main(words) == 0
    report: dict[str, Any] = json.loads(path.read_text())
    return report


def engines(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {engine["name"]: engine for engine in report["engines"]}


def test_the_report_has_every_engine_with_latency_error_stages_and_limit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = bench(tmp_path)
    assert list(engines(report)) == list(DEFAULT)
    assert report["device"].startswith("cpu: ")
    assert report["limit_ms"] == min(engine["limit_ms"] for engine in report["engines"])
    assert report["seed"] == 0
    assert {"torch", "lerobot", "pi0_ros"} <= set(report["versions"])
    workload = report["workload"]
    assert (workload["cameras"], workload["prompt_tokens"]) == (3, 20)
    assert (workload["chunk"], workload["flow_steps"]) == (50, 10)
    for engine in report["engines"]:
        latency = engine["latency_ms"]
        assert 0.0 < latency["p50"] <= latency["p95"] <= latency["p99"]
        assert engine["limit_ms"] > 0.0
        assert engine["load_s"] > 0.0
        assert engine["first_chunk_ms"] > 0.0
        assert tuple(engine["stages_ms"]) == STAGES
        assert all(value > 0.0 for value in engine["stages_ms"].values())
        assert engine["device_latency_ms"] is None
    table = capsys.readouterr().out
    assert all(name in table for name in DEFAULT)


def test_what_is_quantized_is_reported_apart_and_not_unless_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "fast-int8" not in DEFAULT
    report = bench(tmp_path, "--engines", "fast-int8", "fast-bfloat16")
    assert list(engines(report)) == ["fast-bfloat16"]
    (apart,) = report["quantized"]
    assert apart["name"] == "fast-int8"
    assert apart["max_abs_error"] > engines(report)["fast-bfloat16"]["max_abs_error"]
    assert apart["limit_ms"] <= engines(report)["fast-bfloat16"]["limit_ms"]
    assert report["limit_ms"] == engines(report)["fast-bfloat16"]["limit_ms"]
    lines = capsys.readouterr().out.splitlines()
    begins = next(index for index, line in enumerate(lines) if line.startswith("quantized:"))
    assert lines[begins - 1].startswith("fast-bfloat16")
    assert lines[begins + 1].startswith("fast-int8")


def test_the_error_column_is_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = engines(bench(tmp_path))
    assert report[REFERENCE]["max_abs_error"] == 0.0
    assert 0.0 < report["fast-float32"]["max_abs_error"] < ROUNDING
    # Whatever rounds to eight bits differs by more than float32's rounding.
    for name, engine in report.items():
        if "bfloat16" in name:
            assert ROUNDING < engine["max_abs_error"] < 1.0

    original = FastEngine.chunk

    def wrong(self: FastEngine, *args: Any) -> Tensor:
        chunk = original(self, *args).clone()
        chunk[0, -1, -1] += 0.5
        return chunk

    monkeypatch.setattr(FastEngine, "chunk", wrong)
    spoilt = engines(bench(tmp_path, "--engines", "fast-float32"))
    assert spoilt["fast-float32"]["max_abs_error"] == pytest.approx(0.5, abs=1e-3)


def test_without_a_reference_there_is_no_error(tmp_path: Path) -> None:
    report = bench(tmp_path, "--engines", "fast-float32", "--no-reference", "--flow-steps", "1")
    (engine,) = report["engines"]
    assert engine["max_abs_error"] is None
    assert engine["speed_against_reference"] is None
    assert report["workload"]["flow_steps"] == 1


def test_a_seed_gives_the_same_errors_again(tmp_path: Path) -> None:
    one, two, other = (
        engines(bench(tmp_path, "--engines", "fast-bfloat16", "--seed", seed))
        for seed in ("1", "1", "2")
    )
    error = one["fast-bfloat16"]["max_abs_error"]
    assert two["fast-bfloat16"]["max_abs_error"] == error
    assert other["fast-bfloat16"]["max_abs_error"] != error


def test_too_little_memory_is_said_before_loading(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(session, "available_memory", lambda device: 1000)
    assert main(["bench", "--random", "tiny"]) == 1
    said = capsys.readouterr().err
    assert "--engines" in said
    assert "loading" not in said


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_that_is_not_there_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--random", "tiny", "--device", "cuda"]) == 1
    assert "device: cuda is not there" in capsys.readouterr().err


def test_a_report_that_cannot_be_written_is_said_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "--report", str(tmp_path)]) == 1
    assert "not a file that can be written" in capsys.readouterr().err


def test_help_names_every_engine(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["bench", "--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in PEERS)
