"""The loss of every step: in memory, as a table, as a picture."""

import csv
import math
import os
from dataclasses import dataclass, field
from pathlib import Path

from pi0_ros.core.errors import ConfigurationError

CSV_FILE = "loss.csv"
PICTURE_FILE = "loss.png"

_COLUMNS = ("step", "loss", "learning_rate", "gradient_norm")
_RECENT = 50


@dataclass(slots=True)
class LossCurve:
    """Loss, learning rate and the gradient's norm before clipping, one row per step."""

    rows: list[tuple[float, float, float]] = field(default_factory=list)

    def add(self, loss: float, learning_rate: float, gradient_norm: float) -> None:
        """The next step's."""
        self.rows.append((loss, learning_rate, gradient_norm))

    @property
    def recent(self) -> float:
        """Mean loss of the last 50 steps; NaN before the first."""
        losses = [row[0] for row in self.rows[-_RECENT:]]
        return sum(losses) / len(losses) if losses else math.nan

    def write(self, path: Path) -> None:
        """As CSV, whole or not at all."""
        new = path.with_name(f".{path.name}.{os.getpid()}")
        with new.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(_COLUMNS)
            writer.writerows((step, *row) for step, row in enumerate(self.rows, start=1))
        new.replace(path)

    @classmethod
    def read(cls, path: Path, steps: int) -> "LossCurve":
        """The first `steps` rows of what `write` wrote.

        Raises:
            ConfigurationError: the file is not there, damaged or shorter.
        """
        try:
            with path.open(encoding="utf-8", newline="") as file:
                lines = list(csv.reader(file))[1 : steps + 1]
            rows = [(float(loss), float(rate), float(norm)) for _, loss, rate, norm in lines]
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"{path}: cannot be read ({error})") from error
        if len(rows) != steps:
            raise ConfigurationError(f"{path}: expected {steps} steps, got {len(rows)}")
        return cls(rows)

    def draw(self, path: Path, title: str) -> None:
        """As a PNG: every step, their running mean, on a logarithmic scale."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        losses = [row[0] for row in self.rows]
        steps = range(1, len(losses) + 1)
        smooth = [LossCurve(self.rows[max(0, step - _RECENT) : step]).recent for step in steps]
        figure = Figure(figsize=(8, 4.5), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        axes.plot(steps, losses, color="#b0c4de", linewidth=0.6, label="each step")
        axes.plot(steps, smooth, color="#1f4e79", linewidth=1.6, label=f"mean of {_RECENT}")
        axes.set(xlabel="step", ylabel="loss", yscale="log", title=title)
        axes.grid(visible=True, alpha=0.3)
        axes.legend()
        figure.savefig(path, dpi=110, format="png")
