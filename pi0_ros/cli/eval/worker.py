"""Runs episodes in a process of its own: the policy is loaded once, episodes come and go."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pi0_ros.cli.eval.conditions import CONDITIONS
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.policy.interface import Policy
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.manifest import read_manifest
from pi0_ros.policy.policy_config import EngineName, PolicyConfig, default_feature
from pi0_ros.sim.demo_arm import JOINT_NAMES
from pi0_ros.sim.lockstep import LockstepConfig
from pi0_ros.sim.reach.episode import EpisodeResult, run_row
from pi0_ros.sim.scene import CAMERAS


@dataclass(frozen=True, slots=True)
class Contestant:
    """What is evaluated.

    Attributes:
        folder: of the checkpoint.
        untrained: folder of the same model with random weights; None where that is not asked for.
        bridge: how the bridge runs, with limits.
    """

    folder: Path
    untrained: Path | None
    engine: EngineName
    device: str
    bridge: LockstepConfig


class Worker:
    """Policies loaded as they are needed."""

    def __init__(self, contestant: Contestant) -> None:
        self._contestant = contestant
        self._policies: dict[bool, Policy] = {}

    @property
    def bridge(self) -> LockstepConfig:
        return self._contestant.bridge

    def run(self, condition: str, seed: int, numbers: Sequence[int]) -> list[EpisodeResult]:
        """The tries of these numbers in a row; the same whichever worker runs them."""
        wanted = CONDITIONS[condition]
        policy = self.policy(wanted.trained)
        bridge = self._contestant.bridge
        if not wanted.limited:
            bridge = replace(bridge, limited=False)
        return list(run_row(seed, numbers, wanted.infer(policy.infer), bridge, wanted.told))

    def policy(self, trained: bool = True) -> Policy:
        """
        Raises:
            CheckpointError: see load_policy.
        """
        if trained not in self._policies:
            folder = self._contestant.folder if trained else self._contestant.untrained
            if folder is None:
                raise ConfigurationError("no untrained model was made for this evaluation")
            self._policies[trained] = load_policy(self._config(folder))
        return self._policies[trained]

    def _config(self, folder: Path) -> PolicyConfig:
        manifest = read_manifest(folder)
        return PolicyConfig(
            path=folder,
            mode="demo" if manifest is not None and manifest.demo else "real",
            camera_features={name: default_feature(name) for name in CAMERAS},
            joints=len(JOINT_NAMES),
            engine=self._contestant.engine,
            device=self._contestant.device,
            noise_seed=0,
            threads=1,
        )


_worker: Worker | None = None


def begin(contestant: Contestant) -> None:
    """Once in each process of a pool."""
    global _worker  # noqa: PLW0603  the pool gives its processes no other place
    # Two processes whose threads spin for work take the time from each other.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    _worker = Worker(contestant)


def work(condition: str, seed: int, numbers: Sequence[int]) -> list[EpisodeResult]:
    """One row of tries in a process of a pool."""
    if _worker is None:
        raise ConfigurationError("the worker was not begun")
    return _worker.run(condition, seed, numbers)
