"""Success rates with their confidence intervals, as JSON and as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from scipy.stats import binomtest

from pi0_ros.cli.eval.conditions import AS_IT_IS, BASELINES, CONDITIONS, WITHOUT_LIMITS
from pi0_ros.sim.reach.episode import EpisodeResult
from pi0_ros.sim.reach.scenes import BLOCK_NAMES, instruction_for

CONFIDENCE = 0.95


def success(results: Sequence[EpisodeResult]) -> dict[str, Any]:
    """Share of successes with Wilson's score interval (E. B. Wilson, 1927)."""
    count = sum(result.success for result in results)
    interval = binomtest(count, len(results)).proportion_ci(CONFIDENCE, method="wilson")
    return {
        "success_rate": round(count / len(results), 4),
        "confidence_interval": [round(interval.low, 4), round(interval.high, 4)],
        "episodes": len(results),
        "touched_the_other": sum(result.touched not in (None, result.asked) for result in results),
        "touched_nothing": sum(result.touched is None for result in results),
    }


def build_report(
    results: Mapping[str, Sequence[EpisodeResult]], about: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything that was found.

    Args:
        results: condition -> its episodes, in the order of their numbers.
        about: checkpoint, seed and settings.
    """
    main = results[AS_IT_IS]
    report: dict[str, Any] = {
        **success(main),
        "confidence": CONFIDENCE,
        **about,
        "by_instruction": {
            instruction_for(name): success(asked)
            for name in BLOCK_NAMES
            if (asked := [result for result in main if result.asked == name])
        },
        "seconds_to_reach": _seconds(main),
        "limiter": _motion(main),
        "baselines": {
            name: {"meaning": CONDITIONS[name].meaning, **success(results[name])}
            for name in BASELINES
            if name in results
        },
    }
    if WITHOUT_LIMITS in results:
        free = results[WITHOUT_LIMITS]
        report[WITHOUT_LIMITS] = {
            **success(free),
            "seconds_to_reach": _seconds(free),
            **_motion(free),
        }
    report["results"] = {
        name: [asdict(result) | {"success": result.success} for result in found]
        for name, found in results.items()
    }
    return report


def _seconds(results: Sequence[EpisodeResult]) -> dict[str, float] | None:
    reached = [result.seconds for result in results if result.success]
    if not reached:
        return None
    p50, p90, longest = np.percentile(reached, [50, 90, 100]).tolist()
    return {"p50": round(p50, 3), "p90": round(p90, 3), "max": round(longest, 3)}


def _motion(results: Sequence[EpisodeResult]) -> dict[str, Any]:
    """What the arm was told, against its limits, and what the limiter did to it."""
    rejected: dict[str, int] = {}
    for result in results:
        for reason, count in result.rejected.items():
            rejected[reason] = rejected.get(reason, 0) + count
    return {
        "peak_velocity_share": round(max(result.peak_velocity for result in results), 4),
        "peak_acceleration_share": round(max(result.peak_acceleration for result in results), 4),
        "episodes_beyond_limits": sum(
            max(result.peak_velocity, result.peak_acceleration) > 1.0 + 1e-6 for result in results
        ),
        "limited_share": round(float(np.mean([result.limited for result in results])), 4),
        "displacement_rad": round(max(result.displacement_rad for result in results), 4),
        "slow_down": round(max(result.slow_down for result in results), 3),
        "rejected": rejected,
    }


def table(report: Mapping[str, Any]) -> str:
    """One line per condition."""
    named = {AS_IT_IS: report, **report["baselines"]}
    if WITHOUT_LIMITS in report:
        named[WITHOUT_LIMITS] = report[WITHOUT_LIMITS]
    lines = [f"{'':18s} {'success':>8s} {'95 %':>13s} {'other':>6s} {'none':>5s}"]
    for name in (name for name in CONDITIONS if name in named):
        found = named[name]
        low, high = found["confidence_interval"]
        lines.append(
            f"{name:18s} {found['success_rate']:8.0%} {low:6.0%} - {high:4.0%} "
            f"{found['touched_the_other']:6d} {found['touched_nothing']:5d}  "
            f"{CONDITIONS[name].meaning}"
        )
    lines += [
        f"{text}: {found['success_rate']:.0%} of {found['episodes']}"
        for text, found in report["by_instruction"].items()
    ]
    motions = {"with limits": report["limiter"], "without": report.get(WITHOUT_LIMITS)}
    for title, motion in motions.items():
        if motion is not None:
            lines.append(
                f"{title:12s} peak velocity {motion['peak_velocity_share']:.0%} and acceleration "
                f"{motion['peak_acceleration_share']:.0%} of the limits, beyond them in "
                f"{motion['episodes_beyond_limits']} episodes"
            )
    seconds = report["seconds_to_reach"]
    if seconds is not None:
        lines.append(f"time to reach: {seconds['p50']:.1f} s (half), {seconds['max']:.1f} s (all)")
    return "\n".join(lines)
