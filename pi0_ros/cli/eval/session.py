"""One evaluation: every condition, every episode, shared out over processes."""

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pi0_ros.cli.bench.progress import Progress
from pi0_ros.cli.eval import worker
from pi0_ros.cli.eval.conditions import AS_IT_IS, CONDITIONS
from pi0_ros.cli.eval.report import build_report, table
from pi0_ros.cli.output_file import write_report, writing
from pi0_ros.policy.manifest import WEIGHTS_FILE, file_sha256
from pi0_ros.share import share_directory
from pi0_ros.sim.lockstep import LockstepConfig
from pi0_ros.sim.reach.episode import EpisodeResult

# Condition, seed and the numbers of the episodes in a row.
Task = tuple[str, int, Sequence[int]]


def run_session(arguments: argparse.Namespace) -> int:
    """
    Raises:
        CheckpointError, ConfigurationError: see load_policy.
    """
    folder = arguments.policy_path or share_directory() / "checkpoints" / "reach"
    names = [AS_IT_IS] if arguments.no_baselines else list(CONDITIONS)
    started_s = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        contestant = worker.Contestant(
            folder=folder,
            untrained=_untrained(folder, Path(scratch), names),
            engine=arguments.engine,
            device=arguments.device,
            bridge=LockstepConfig(arguments.action_rate, latency_s=arguments.latency),
        )
        # In this process first: what is wrong with a checkpoint is one clear message.
        here = worker.Worker(contestant)
        policy_id = here.policy().description.policy_id
        rows = _rows(arguments.episodes, arguments.in_a_row)
        tasks = [(name, arguments.seed, row) for name in names for row in rows]
        found = [each for row in _found(contestant, here, tasks, arguments.workers) for each in row]
        results = {
            name: found[at * arguments.episodes : (at + 1) * arguments.episodes]
            for at, name in enumerate(names)
        }
        report = build_report(
            results,
            {
                "checkpoint": policy_id,
                "weights_sha256": file_sha256(folder / WEIGHTS_FILE),
                "seed": arguments.seed,
                "engine": arguments.engine,
                "action_rate_hz": arguments.action_rate,
                "latency_s": arguments.latency,
                "in_a_row": arguments.in_a_row,
                "wall_s": round(time.monotonic() - started_s, 1),
            },
        )
        print(f"{policy_id}, {_what(arguments)}")
        print(table(report))
        _write(arguments, report, here)
    return 0


def _rows(episodes: int, in_a_row: int) -> list[range]:
    """The numbers of the episodes, shared out to rows."""
    return [range(at, min(at + in_a_row, episodes)) for at in range(0, episodes, in_a_row)]


def _what(arguments: argparse.Namespace) -> str:
    rows = f" in rows of {arguments.in_a_row}" if arguments.in_a_row > 1 else ""
    return f"{arguments.episodes} episodes{rows}, seed {arguments.seed}"


def _found(
    contestant: worker.Contestant, here: worker.Worker, tasks: Sequence[Task], workers: int
) -> Iterator[list[EpisodeResult]]:
    """The results in the order of the tasks, whoever computes them."""
    progress = Progress()
    progress.begin(f"{sum(len(numbers) for _, _, numbers in tasks)} episodes")
    if workers == 1:
        for number, task in enumerate(tasks):
            progress.at(_where(number, tasks))
            yield here.run(*task)
        return
    with _pool(contestant, workers) as pool:
        futures = [pool.submit(worker.work, *task) for task in tasks]
        for number, future in enumerate(futures):
            while not future.done():
                _wait(future)
                progress.at(_where(number, tasks))
            yield future.result()


def _where(number: int, tasks: Sequence[Task]) -> str:
    before = sum(len(numbers) for _, _, numbers in tasks[:number])
    every = sum(len(numbers) for _, _, numbers in tasks)
    return f"episode {before + 1} of {every} ({tasks[number][0]})"


@contextmanager
def _pool(contestant: worker.Contestant, workers: int) -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(
        workers,
        # A fork would take over torch's threads in whatever state they are.
        mp_context=multiprocessing.get_context("spawn"),
        initializer=worker.begin,
        initargs=(contestant,),
    )
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _wait(future: "Future[list[EpisodeResult]]") -> None:
    try:
        future.result(timeout=0.5)
    except TimeoutError:
        return


def _untrained(folder: Path, scratch: Path, names: Sequence[str]) -> Path | None:
    if all(CONDITIONS[name].trained for name in names):
        return None
    from pi0_ros.policy.quiet_libraries import quiet_libraries

    with quiet_libraries():
        from pi0_ros.policy.untrained import write_untrained

        output = scratch / "untrained"
        write_untrained(folder, output, seed=0)
    return output


def _write(arguments: argparse.Namespace, report: dict[str, Any], here: worker.Worker) -> None:
    if arguments.report is not None:
        write_report(arguments.report, report)
    if arguments.plots is not None:
        from pi0_ros.cli.eval.plots import draw_plots

        with writing("--plots", arguments.plots):
            draw_plots(report, arguments.plots)
    if arguments.video is not None:
        from pi0_ros.cli.eval.film import film_episodes

        count = min(arguments.video_episodes, arguments.episodes)
        with writing("--video", arguments.video):
            film_episodes(here, arguments.seed, _rows(count, arguments.in_a_row), arguments.video)
