"""The README.md of a trained checkpoint, as the Hugging Face hub and people read it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CARD_FILE = "README.md"


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What the card tells.

    Attributes:
        name: of the checkpoint.
        kind: policy type of LeRobot.
        base: name of the checkpoint it was fine-tuned from; None: trained from scratch.
        dataset: name of the dataset's folder.
        tasks: the different instructions.
        facts: what was measured or decided, label -> value, in this order.
        config: the policy's configuration, as config.json has it.
        command: the command line that makes it.
        demo: whether it knows the package's own simulated arm only.
    """

    name: str
    kind: str
    base: str | None
    dataset: str
    tasks: tuple[str, ...]
    facts: Mapping[str, object]
    config: Mapping[str, object]
    command: str
    demo: bool

    def write(self, folder: Path) -> None:
        """Writes README.md into `folder`."""
        (folder / CARD_FILE).write_text(self.text(), encoding="utf-8")

    def text(self) -> str:
        """The whole card."""
        start = f"fine-tuned from `{self.base}`" if self.base else "trained from scratch"
        return "\n".join(
            [
                self._front_matter(),
                f"# {self.name}",
                "",
                f"A `{self.kind}` policy of LeRobot, {start} on `{self.dataset}`: pictures, joint "
                "positions and an instruction in, a chunk of absolute joint positions (rad) out.",
                "",
                "## Training",
                "",
                "| | |",
                "|---|---|",
                *(f"| {label} | {value} |" for label, value in self.facts.items()),
                "",
                "```bash",
                self.command,
                "```",
                "",
                "The loss of every step was written beside the checkpoint (`loss.csv`, "
                "`loss.png`). The same command on the same dataset, processor and library versions "
                "gives the same weights on a CPU.",
                "",
                "## Inputs and outputs",
                "",
                *self._features(),
                "",
                "Instructions it was trained with:",
                "",
                *(f"- {task}" for task in self.tasks),
                "",
                "## Intended use and limits",
                "",
                self._use(),
                "It knows the scenes, cameras, arm and instructions of its dataset, at the rate "
                "they were recorded at, and nothing else: other pictures or words still give "
                "chunks, and those mean nothing. It has no notion of collisions, limits or people; "
                "those are the business of the controller that plays its chunks, and of an "
                "emergency stop. A low loss says that it repeats its examples, not that it "
                "succeeds at a task.",
                "",
            ]
        )

    def _front_matter(self) -> str:
        tags = ["robotics", "lerobot", "pi0", self.kind]
        lines = ["---", "library_name: lerobot", "pipeline_tag: robotics", "tags:"]
        lines += [f"- {tag}" for tag in dict.fromkeys(tags)]
        lines += [f"model_name: {json.dumps(self.name)}", "---", ""]
        return "\n".join(lines)

    def _features(self) -> list[str]:
        rows = ["| Feature | Shape |", "|---|---|"]
        for side in ("input_features", "output_features"):
            features = self.config[side]
            assert isinstance(features, Mapping)
            rows += [f"| `{name}` | {feature['shape']} |" for name, feature in features.items()]
        return rows

    def _use(self) -> str:
        if self.demo:
            return "For the simulated demo arm of `pi0_ros` only (`mode: demo`)."
        return "For the arm and the cameras that its dataset was recorded with (`mode: real`)."
