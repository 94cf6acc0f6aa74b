"""That a finished checkpoint loads as the bridge loads it, and what it makes of recorded frames."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pi0_ros.core.errors import CheckpointError
from pi0_ros.core.observation import Observation
from pi0_ros.policy.interface import Policy
from pi0_ros.policy.learning.pictures import frames
from pi0_ros.policy.learning.recording import Recording
from pi0_ros.policy.loader import load_policy
from pi0_ros.policy.policy_config import EngineName, PolicyConfig

_PICTURES = "observation.images."
# Both compute the same; they may round differently.
_ENGINES_AGREE_RAD = 1e-3


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found.

    Attributes:
        policy_id: of the checkpoint.
        frames: how many were looked at.
        error_rad: root mean square difference of its chunks to the recorded ones.
        still_rad: the same for an arm that stays where it is.
        engines_rad: largest difference between the package's engine and LeRobot's.
    """

    policy_id: str
    frames: int
    error_rad: float
    still_rad: float
    engines_rad: float


def prove(folder: Path, recording: Recording, demo: bool, threads: int, count: int) -> Proof:
    """Loads the checkpoint with both engines and compares chunks on `count` frames.

    Raises:
        CheckpointError: it does not load, or the engines disagree.
    """

    def load(engine: EngineName) -> Policy:
        return load_policy(
            PolicyConfig(
                path=folder,
                mode="demo" if demo else "real",
                camera_features={name.removeprefix(_PICTURES): name for name in recording.cameras},
                joints=recording.states.shape[1],
                image_shape=recording.picture_size,
                device="cpu",
                engine=engine,
                threads=threads,
            )
        )

    fast, reference = load("fast"), load("lerobot")
    rows = np.unique(np.linspace(0, len(recording) - 1, count).astype(int)).tolist()
    wanted = recording.chunks(fast.description.horizon)
    errors: list[float] = []
    still: list[float] = []
    engines_rad: float | None = None
    for row, pictures in zip(rows, frames(recording, rows), strict=True):
        observation = Observation(
            stamp_ns=0,
            images={name.removeprefix(_PICTURES): value for name, value in pictures.items()},
            positions=recording.states[row].astype(np.float64),
            instruction=recording.tasks[row],
        )
        chunk = fast.infer(observation)
        errors.append(float(np.mean((chunk - wanted[row]) ** 2)))
        still.append(float(np.mean((recording.states[row] - wanted[row]) ** 2)))
        if engines_rad is None:
            engines_rad = float(np.max(np.abs(chunk - reference.infer(observation))))
            _check_agreement(folder, engines_rad)
    assert engines_rad is not None
    return Proof(
        policy_id=fast.description.policy_id,
        frames=len(rows),
        error_rad=float(np.sqrt(np.mean(errors))),
        still_rad=float(np.sqrt(np.mean(still))),
        engines_rad=engines_rad,
    )


def _check_agreement(folder: Path, difference_rad: float) -> None:
    if not difference_rad <= _ENGINES_AGREE_RAD:
        raise CheckpointError(
            f"{folder}: the package's engine and LeRobot's differ by {difference_rad:.2g} rad on "
            "the same frame; run this checkpoint with engine: lerobot, and report it"
        )
