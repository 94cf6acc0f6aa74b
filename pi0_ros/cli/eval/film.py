"""A short film of some episodes, as the cameras saw them."""

from collections.abc import Sequence
from pathlib import Path

from pi0_ros.cli.eval.worker import Worker
from pi0_ros.cli.pictures.film import Film
from pi0_ros.cli.pictures.overlay import side_by_side
from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.observation import Observation
from pi0_ros.sim.lockstep import Moment
from pi0_ros.sim.reach.episode import EpisodePlan, run_episode

# Pictures are taken at every inference, ten times a second.
_RATE_HZ = 10
_LINGER_PICTURES = 8


def film_episodes(worker: Worker, plans: Sequence[EpisodePlan], file: Path) -> None:
    """Runs the episodes again, with the policy as it is, and films what it saw and planned."""
    policy = worker.policy()
    chunk: list[FloatArray] = []

    def infer(observation: Observation) -> FloatArray:
        chunk[:] = [policy.infer(observation)]
        return chunk[0]

    with Film(file, _RATE_HZ) as film:
        for number, plan in enumerate(plans, start=1):
            seen: list[Observation] = []

            def watch(moment: Moment, number: int = number, seen: list[Observation] = seen) -> None:
                if moment.observation is None:
                    return
                seen[:] = [moment.observation]
                lines = (f'episode {number}: "{moment.observation.instruction}"',)
                film.add(side_by_side(moment.observation.images, chunk[0], lines))

            result = run_episode(plan, infer, worker.bridge, watch=watch)
            touched = result.touched or "nothing"
            lines = (
                f'episode {number}: "{plan.scene.instruction}"',
                f"touched {touched} after {result.seconds:.1f} s",
            )
            last = side_by_side(seen[0].images, None, lines)
            for _ in range(_LINGER_PICTURES):
                film.add(last)
