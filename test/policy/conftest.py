"""A small trained checkpoint that every test of this folder may copy and damage."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from pi0_ros.core.observation import Observation
from pi0_ros.policy.manifest import MANIFEST_FILE
from pi0_ros.policy.policy_config import PolicyConfig, default_feature
from pi0_ros.policy.training import TrainingConfig, train_policy
from pi0_ros.policy.training_samples import TrainingSample

from .readers import make_pi05, make_smolvla, shrink_pi05

CAMERAS = ("main", "side")
JOINTS = 3
HORIZON = 8
PICTURE = (48, 64)


def make_samples(count: int, seed: int) -> Iterator[TrainingSample]:
    """Noise to look at, a straight line to follow."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        start, slope = rng.normal(0.0, 0.5, JOINTS), rng.normal(0.0, 0.1, JOINTS)
        yield TrainingSample(
            images={
                camera: rng.integers(0, 256, (*PICTURE, 3), dtype=np.uint8) for camera in CAMERAS
            },
            positions=start,
            instruction=str(rng.choice(["go to the red block", "go to the blue block"])),
            actions=start + np.arange(HORIZON)[:, None] * slope,
        )


@pytest.fixture(scope="session")
def samples() -> list[TrainingSample]:
    return list(make_samples(16, seed=3))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, samples: list[TrainingSample]) -> Path:
    """Never change what is in this folder: copy it."""
    folder = tmp_path_factory.mktemp("trained") / "tiny"
    train_policy(samples, folder, TrainingConfig(steps=2, batch_size=8, threads=1), lambda _: None)
    return folder


@pytest.fixture
def checkpoint(trained: Path, tmp_path: Path) -> Path:
    """A copy without a manifest, as a user's own checkpoint comes."""
    folder = tmp_path / "own"
    shutil.copytree(trained, folder)
    (folder / MANIFEST_FILE).unlink()
    return folder


@pytest.fixture
def demo_checkpoint(trained: Path, tmp_path: Path) -> Path:
    """A copy with its manifest."""
    folder = tmp_path / "demo"
    shutil.copytree(trained, folder)
    return folder


@pytest.fixture(scope="session")
def made_pi05(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Never change what is in this folder: copy it."""
    folder = tmp_path_factory.mktemp("made") / "pi05"
    with pytest.MonkeyPatch.context() as patch:
        shrink_pi05(patch)
        make_pi05(folder, patch)
    return folder


@pytest.fixture
def pi05(made_pi05: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy that loads in this test, where Pi0.5 is small."""
    shrink_pi05(monkeypatch)
    return Path(shutil.copytree(made_pi05, tmp_path / "pi05"))


@pytest.fixture(scope="session")
def made_smolvla(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Never change what is in this folder: copy it."""
    folder = tmp_path_factory.mktemp("made") / "smolvla"
    with pytest.MonkeyPatch.context() as patch:
        make_smolvla(folder, patch)
    return folder


@pytest.fixture
def smolvla(made_smolvla: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made_smolvla, tmp_path / "smolvla"))


@pytest.fixture
def config_for() -> Callable[..., PolicyConfig]:
    """Makes a configuration that fits the small checkpoint."""

    def make(path: Path, **changes: object) -> PolicyConfig:
        values: dict[str, object] = {
            "path": path,
            "mode": "real",
            "camera_features": {camera: default_feature(camera) for camera in CAMERAS},
            "joints": JOINTS,
            "image_shape": PICTURE,
            "device": "cpu",
        }
        return PolicyConfig(**{**values, **changes})  # type: ignore[arg-type]

    return make


@pytest.fixture
def observation(samples: list[TrainingSample]) -> Observation:
    sample = samples[0]
    return Observation(
        stamp_ns=1,
        images=sample.images,
        positions=sample.positions,
        instruction=sample.instruction,
    )


@pytest.fixture
def edit_json() -> Callable[[Path, Callable[[dict[str, object]], None]], None]:
    """Changes a JSON file in place."""

    def edit(path: Path, change: Callable[[dict[str, object]], None]) -> None:
        content = json.loads(path.read_text())
        change(content)
        path.write_text(json.dumps(content))

    return edit
