"""A short film of some episodes, as the cameras saw them."""

from collections.abc import Sequence
from pathlib import Path

from pi0_ros.cli.eval.worker import Worker
from pi0_ros.cli.pictures.film import Film
from pi0_ros.cli.pictures.overlay import side_by_side
from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.observation import Observation
from pi0_ros.sim.lockstep import Moment
from pi0_ros.sim.reach.episode import run_row

# Pictures are taken at every inference, ten times a second.
_RATE_HZ = 10
_LINGER_PICTURES = 8


def film_episodes(worker: Worker, seed: int, rows: Sequence[Sequence[int]], file: Path) -> None:
    """Runs rows of episodes again, with the policy as it is; films what it saw and planned."""
    policy = worker.policy()
    chunk: list[FloatArray] = []
    seen: list[Observation] = []

    def infer(observation: Observation) -> FloatArray:
        chunk[:] = [policy.infer(observation)]
        return chunk[0]

    with Film(file, _RATE_HZ) as film:

        def watch(number: int, moment: Moment) -> None:
            if moment.observation is None:
                return
            seen[:] = [moment.observation]
            film.add(side_by_side(seen[0].images, chunk[0], (_title(number, seen[0]),)))

        for row in rows:
            results = run_row(seed, row, infer, worker.bridge, watch=watch)
            for number, result in zip(row, results, strict=True):
                touched = result.touched or "nothing"
                lines = (
                    _title(number, seen[0]),
                    f"touched {touched} after {result.seconds:.1f} s",
                )
                last = side_by_side(seen[0].images, None, lines)
                for _ in range(_LINGER_PICTURES):
                    film.add(last)


def _title(number: int, observation: Observation) -> str:
    return f'episode {number + 1}: "{observation.instruction}"'
