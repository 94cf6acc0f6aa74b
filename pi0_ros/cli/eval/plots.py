"""Pictures of an evaluation's results."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

from pi0_ros.cli.eval.conditions import AS_IT_IS, WITHOUT_LIMITS

mpl.use("Agg")
from matplotlib import pyplot as plt


def draw_plots(report: Mapping[str, Any], folder: Path) -> None:
    """Writes success_rates.png and seconds_to_reach.png."""
    folder.mkdir(parents=True, exist_ok=True)
    _draw_rates(report, folder / "success_rates.png")
    _draw_seconds(report, folder / "seconds_to_reach.png")


def _draw_rates(report: Mapping[str, Any], file: Path) -> None:
    found = {AS_IT_IS: report, **report["baselines"]}
    if WITHOUT_LIMITS in report:
        found[WITHOUT_LIMITS] = report[WITHOUT_LIMITS]
    rates = [entry["success_rate"] for entry in found.values()]
    below = [
        rate - entry["confidence_interval"][0]
        for rate, entry in zip(rates, found.values(), strict=True)
    ]
    above = [
        entry["confidence_interval"][1] - rate
        for rate, entry in zip(rates, found.values(), strict=True)
    ]
    figure, axes = plt.subplots(figsize=(7.0, 3.5), layout="constrained")
    axes.barh(list(found), rates, xerr=[below, above], color="#1ea48c", ecolor="#3e434c", capsize=3)
    axes.invert_yaxis()
    axes.set(xlim=(0.0, 1.0), xlabel=f"success rate of {report['episodes']} episodes, 95 %")
    figure.savefig(file, dpi=120)
    plt.close(figure)


def _draw_seconds(report: Mapping[str, Any], file: Path) -> None:
    reached = sorted(
        result["seconds"] for result in report["results"][AS_IT_IS] if result["success"]
    )
    figure, axes = plt.subplots(figsize=(7.0, 3.5), layout="constrained")
    shares = [(index + 1) / report["episodes"] for index in range(len(reached))]
    axes.step([0.0, *reached], [0.0, *shares], where="post", color="#fa9e1e")
    axes.set(xlabel="simulated time, s", ylabel="episodes that reached", ylim=(0.0, 1.0))
    axes.grid(visible=True, alpha=0.3)
    figure.savefig(file, dpi=120)
    plt.close(figure)
