"""Times engines in turn, so that whatever else the machine does falls on all of them alike."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from pi0_ros.cli.bench.names import COMPILED
from pi0_ros.cli.bench.progress import Progress
from pi0_ros.cli.bench.workload import Moment
from pi0_ros.policy.engine import STAGES, Engine, Mark, unmarked
from pi0_ros.policy.lerobot_engine import LeRobotEngine
from pi0_ros.policy.processors import Processors


@dataclass(slots=True)
class Runner:
    """One engine and what was measured of it.

    Attributes:
        load_s: from the weights' file to an engine that can run.
        first_s: its first chunk, with everything that is done once.
        memory_bytes: what loading and the first chunk added.
        chunks: normalised, one per moment, (horizon, joints) on the CPU.
        wall_s, device_s: of each timed chunk; the second on CUDA only, by its events.
        stages_s: stage -> of each chunk that was timed in stages.
    """

    name: str
    engine: Engine
    processors: Processors
    device: torch.device
    load_s: float
    first_s: float = 0.0
    memory_bytes: int = 0
    chunks: list[Tensor] = field(default_factory=list)
    wall_s: list[float] = field(default_factory=list)
    device_s: list[float] = field(default_factory=list)
    stages_s: dict[str, list[float]] = field(default_factory=dict)

    @torch.no_grad()
    def run(self, moment: Moment, mark: Mark = unmarked) -> Tensor:
        """The chunk in joint positions on the CPU, as the node gets it."""
        chunk = self._chunk(moment, mark)
        actions = self.processors.after(chunk)[0].cpu()
        mark("post-processing")
        return actions

    @torch.no_grad()
    def keep_chunks(self, moments: Sequence[Moment]) -> None:
        self.chunks = [self._chunk(moment, unmarked)[0].float().cpu() for moment in moments]

    def _chunk(self, moment: Moment, mark: Mark) -> Tensor:
        return self.engine.chunk(
            moment.pictures, moment.positions, moment.instruction, moment.noise, mark
        )


def measure(runners: Sequence[Runner], moment: Moment, repeats: int, progress: Progress) -> None:
    """Fills the runners' times: `repeats` whole chunks each, and as many in stages."""
    for runner in runners:
        # Loading the others pushed it out of the caches.
        runner.run(moment)
    for index in range(repeats):
        # Another one begins each round: none always finds the caches another one left.
        first = index % len(runners)
        for runner in (*runners[first:], *runners[:first]):
            _time_once(runner, moment)
            progress.at(f"round {index + 1} of {repeats}")
    # A compiled model is one piece.
    in_pieces = [runner for runner in runners if runner.name != COMPILED]
    for index in range(repeats):
        for runner in in_pieces:
            _time_stages(runner, moment)
            progress.at(f"in stages, round {index + 1} of {repeats}")


def _time_once(runner: Runner, moment: Moment) -> None:
    if runner.device.type == "cuda":
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        torch.cuda.synchronize()
        began_s = time.perf_counter()
        begin.record()
        runner.run(moment)
        end.record()
        torch.cuda.synchronize()
        runner.wall_s.append(time.perf_counter() - began_s)
        runner.device_s.append(begin.elapsed_time(end) / 1e3)
        return
    began_s = time.perf_counter()
    runner.run(moment)
    runner.wall_s.append(time.perf_counter() - began_s)


def _time_stages(runner: Runner, moment: Moment) -> None:
    cuda = runner.device.type == "cuda"
    took = dict.fromkeys(STAGES, 0.0)
    last_s = time.perf_counter()

    def mark(stage: str) -> None:
        nonlocal last_s
        if cuda:
            torch.cuda.synchronize()
        now_s = time.perf_counter()
        took[stage] += now_s - last_s
        last_s = now_s

    with _marked(runner.engine, mark):
        last_s = time.perf_counter()
        runner.run(moment, mark)
    for stage, seconds in took.items():
        runner.stages_s.setdefault(stage, []).append(seconds)


@contextmanager
def _marked(engine: Engine, mark: Mark) -> Iterator[None]:
    """LeRobot's model has no marks of its own: they are put around its stages for a while."""
    if not isinstance(engine, LeRobotEngine):
        yield
        return
    policy = engine.model
    inner, tower = policy.model, policy.model.paligemma_with_expert
    embed, forward, pictures = inner.embed_prefix, tower.forward, policy._preprocess_images

    def marked(function: Any, stage: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            mark(stage)
            return result

        return call

    def prefix_or_flow(*args: Any, **kwargs: Any) -> Any:
        result = forward(*args, **kwargs)
        if kwargs["inputs_embeds"][1] is None:
            mark("prefix")
        return result

    policy._preprocess_images = marked(pictures, "pre-processing")
    inner.embed_prefix = marked(embed, "vision")
    tower.forward = prefix_or_flow
    try:
        yield
    finally:
        # What was set on the instances hides the classes' own.
        del policy._preprocess_images, inner.embed_prefix, tower.forward
