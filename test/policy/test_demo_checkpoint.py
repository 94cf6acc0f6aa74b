"""The checkpoint that ships: it does what it was shown, and listens."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from pi0_ros.core.observation import Observation
from pi0_ros.policy.evaluation import chunk_error_rad, instruction_effect_rad
from pi0_ros.policy.interface import Policy
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.policy_config import PolicyConfig, default_feature
from pi0_ros.policy.training_samples import TrainingSample
from pi0_ros.sim.demo_arm import HOME, LIMITS
from pi0_ros.sim.demonstrations import ACTION_RATE_HZ, demonstrations, instruction_for
from pi0_ros.sim.expert import Expert, expert_over
from pi0_ros.sim.renderer import SceneRenderer

FOLDER = Path(__file__).parents[2] / "checkpoints" / "demo"
UNSEEN_SEED = 77_000
ROWS_PER_PLAN = 4


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(
        PolicyConfig(
            path=FOLDER,
            mode="demo",
            camera_features={name: default_feature(name) for name in ("main", "side", "top")},
            joints=6,
            device="cpu",
        )
    )


@pytest.fixture(scope="module")
def unseen() -> list[TrainingSample]:
    return [
        TrainingSample(shown.images, shown.positions, shown.instruction, shown.actions)
        for shown in demonstrations(24, UNSEEN_SEED)
    ]


def drive(policy: Policy, start: np.ndarray, block: str, seconds: float) -> np.ndarray:
    """Where the arm goes with perfect tracking and a new chunk every few rows, shape (rows, 6)."""
    renderer = SceneRenderer()
    path = [np.array(start)]
    for _ in range(round(seconds * ACTION_RATE_HZ / ROWS_PER_PLAN)):
        images: Mapping[str, np.ndarray] = renderer.render(path[-1])
        chunk = policy.infer(Observation(0, images, path[-1], instruction_for(block)))
        path.extend(chunk[1 : ROWS_PER_PLAN + 1])
    return np.array(path)


def around(expert: Expert, path: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Radius (1 is the expert's), distance from the cycle's plane in rad, rounds made."""
    displacement = path - expert.hover
    z = displacement @ expert.coordinates.T
    beside = np.abs(displacement - z @ expert.plane.T).max(axis=1)
    rounds = np.ptp(np.unwrap(np.arctan2(z[:, 1], z[:, 0]))) / (2.0 * np.pi)
    return np.hypot(z[:, 0], z[:, 1]), beside, float(rounds)


def test_it_is_small_enough_to_ship() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*")) < 2_000_000


def test_chunks_on_new_scenes_are_those_of_the_demonstrator(
    policy: Policy, unseen: list[TrainingSample]
) -> None:
    assert chunk_error_rad(policy, unseen) < 0.05


def test_changing_only_the_text_changes_the_motion(
    policy: Policy, unseen: list[TrainingSample]
) -> None:
    def other(text: str) -> str:
        return text.replace("red", "?").replace("blue", "red").replace("?", "blue")

    assert instruction_effect_rad(policy, unseen, other) > 0.15


def test_it_circles_over_the_named_block_and_travels_to_the_other_when_told(
    policy: Policy,
) -> None:
    position = HOME
    for block in ("red", "blue"):
        path = drive(policy, position, block, seconds=9.0)
        position = path[-1]
        settled = path[round(4.0 * ACTION_RATE_HZ) :]
        radius, beside, rounds = around(expert_over(block), settled)
        assert np.all((radius > 0.7) & (radius < 1.3)), (block, radius)
        assert np.all(beside < 0.15), (block, beside)
        assert rounds > 1.0, (block, rounds)
        speed = np.abs(np.diff(path, axis=0)) * ACTION_RATE_HZ
        assert np.all(speed <= LIMITS.velocity), (block, speed.max(axis=0))
