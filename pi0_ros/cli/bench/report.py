"""The comparison as JSON and as a table."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import torch

from pi0_ros import __version__
from pi0_ros.cli.bench.machine import Rates, device_name, peak_memory
from pi0_ros.cli.bench.measure import Runner
from pi0_ros.cli.bench.names import PEERS, REFERENCE
from pi0_ros.policy.engine import STAGES
from pi0_ros.policy.fast.work import Work
from pi0_ros.policy.policy_config import Precision

_BYTES: dict[Precision, int] = {"float32": 4, "bfloat16": 2}


@dataclass(frozen=True, slots=True)
class Conditions:
    """What all engines of a run share.

    Attributes:
        reference: the chunks that errors are measured against; None where that was not wanted.
        work: of one chunk, by stage.
    """

    source: str
    device: torch.device
    seed: int
    repeats: int
    workload: dict[str, Any]
    reference: list[torch.Tensor] | None
    work: dict[str, Work]
    rates: Rates


def build_report(runners: Sequence[Runner], conditions: Conditions) -> dict[str, Any]:
    limits = {runner.name: _limit_ms(runner.name, conditions) for runner in runners}
    engines = [_engine(runner, conditions, limits[runner.name], runners) for runner in runners]
    rates = conditions.rates
    return {
        "device": device_name(conditions.device),
        "checkpoint": conditions.source,
        "workload": conditions.workload,
        "seed": conditions.seed,
        "repeats": conditions.repeats,
        "engines": [engine for engine in engines if not _is_quantized(engine)],
        "quantized": [engine for engine in engines if _is_quantized(engine)],
        # Of the engines; of what is quantized where there is nothing else.
        "limit_ms": min(
            (limits[name] for name in limits if PEERS[name].quantization == "none"),
            default=min(limits.values()),
        ),
        "limit": {
            "flop": {stage: work.flop for stage, work in conditions.work.items()},
            "numbers_read": {stage: work.numbers for stage, work in conditions.work.items()},
            "flop_per_s": dict(rates.flop_per_s),
            "bytes_per_s": rates.bytes_per_s,
            "how": rates.how,
        },
        "peak_memory_bytes": peak_memory(conditions.device),
        "versions": {
            "pi0_ros": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "lerobot", "transformers", "numpy")},
        },
    }


def _is_quantized(engine: dict[str, Any]) -> bool:
    return PEERS[engine["name"]].quantization != "none"


def _engine(
    runner: Runner, conditions: Conditions, limit_ms: float, runners: Sequence[Runner]
) -> dict[str, Any]:
    wall = _latency_ms(runner.wall_s)
    reference = next((other for other in runners if other.name == REFERENCE), None)
    return {
        "name": runner.name,
        "latency_ms": wall,
        "device_latency_ms": _latency_ms(runner.device_s) if runner.device_s else None,
        "max_abs_error": max_abs_error(runner, conditions.reference),
        "speed_against_reference": (
            round(_latency_ms(reference.wall_s)["p50"] / wall["p50"], 3) if reference else None
        ),
        "stages_ms": (
            {stage: _latency_ms(runner.stages_s[stage])["p50"] for stage in STAGES}
            if runner.stages_s
            else None
        ),
        "limit_ms": limit_ms,
        "load_s": round(runner.load_s, 3),
        "first_chunk_ms": round(runner.first_s * 1e3, 3),
        "memory_bytes": runner.memory_bytes,
    }


def max_abs_error(runner: Runner, reference: list[torch.Tensor] | None) -> float | None:
    """Largest difference of a normalised action to the reference's, over all moments."""
    if reference is None:
        return None
    pairs = zip(runner.chunks, reference, strict=True)
    return max(float((ours - theirs).abs().max()) for ours, theirs in pairs)


def _limit_ms(name: str, conditions: Conditions) -> float:
    """No implementation at this precision can be faster on this device: stages come in turn, and
    none is faster than its arithmetic or its reading alone."""
    peer, seconds = PEERS[name], 0.0
    model = peer.precision_on(conditions.device.type)
    for stage, work in conditions.work.items():
        precision = peer.vision if stage == "vision" else model
        narrow = stage != "vision" and peer.quantization == "int8"
        seconds += work.seconds(
            1 if narrow else _BYTES[precision],
            conditions.rates.flop_per_s[precision],
            conditions.rates.bytes_per_s,
        )
    return round(seconds * 1e3, 4)


def _latency_ms(samples_s: Sequence[float]) -> dict[str, float]:
    p50, p95, p99 = np.percentile(np.asarray(samples_s) * 1e3, [50, 95, 99]).tolist()
    return {"p50": round(p50, 4), "p95": round(p95, 4), "p99": round(p99, 4)}


def table(report: dict[str, Any]) -> str:
    """One line per engine; milliseconds."""
    heads = ["engine", "p50 ms", "p95", "p99", "speed", "max error", *STAGES, "limit", "load s"]
    heads.append("first ms")
    rows = [heads]
    for engine in (*report["engines"], *report["quantized"]):
        latency, stages = engine["latency_ms"], engine["stages_ms"] or {}
        rows.append(
            [
                engine["name"],
                *(f"{latency[key]:.2f}" for key in ("p50", "p95", "p99")),
                _optional(engine["speed_against_reference"], "{:.2f}x"),
                _optional(engine["max_abs_error"], "{:.1e}"),
                *(_optional(stages.get(stage), "{:.2f}") for stage in STAGES),
                f"{engine['limit_ms']:.2f}",
                f"{engine['load_s']:.1f}",
                f"{engine['first_chunk_ms']:.0f}",
            ]
        )
    if report["quantized"]:
        # Not the same numbers: not among the others.
        rows.insert(1 + len(report["engines"]), ["quantized:", *[""] * (len(heads) - 1)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def _optional(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)
