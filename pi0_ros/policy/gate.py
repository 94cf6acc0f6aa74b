"""The gates before and behind every policy that computes in this process."""

import numpy as np

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import PolicyError
from pi0_ros.core.observation import Observation
from pi0_ros.policy.interface import PolicyDescription


def check_observation(observation: Observation, described: PolicyDescription) -> None:
    """Whoever builds observations has checked them for the operator; this is for the rest.

    Raises:
        PolicyError: cameras, pictures or joint positions are not those of the description.
    """
    if set(observation.images) != set(described.cameras):
        raise PolicyError(
            f"observation has the cameras {', '.join(observation.images)}, the policy takes "
            f"{', '.join(described.cameras)}"
        )
    for camera, picture in observation.images.items():
        if picture.dtype != np.uint8 or picture.shape != (*described.image_shape, 3):
            raise PolicyError(
                f"camera {camera}: expected uint8 {(*described.image_shape, 3)}, got "
                f"{picture.dtype} {picture.shape}"
            )
    positions = observation.positions
    if positions.shape != (described.joints,) or not np.isfinite(positions).all():
        raise PolicyError(
            f"expected {described.joints} finite joint positions, got {positions.tolist()}"
        )


def check_chunk(actions: FloatArray, described: PolicyDescription) -> None:
    """Whatever the model computed, nothing else leaves the policy.

    Raises:
        PolicyError: the chunk is of another shape, or not finite.
    """
    expected = described.horizon, described.joints
    if actions.shape != expected:
        raise PolicyError(f"the policy gave a chunk of shape {actions.shape}, expected {expected}")
    if not np.isfinite(actions).all():
        raise PolicyError(
            f"the model's output is not finite in {int((~np.isfinite(actions)).sum())} of "
            f"{actions.size} values; the chunk is dropped"
        )
