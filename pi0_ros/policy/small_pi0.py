"""The configuration of a new small Pi0, before it has learnt anything."""

from collections.abc import Iterable
from typing import Any

from lerobot.configs import FeatureType, PolicyFeature
from lerobot.utils.constants import ACTION, OBS_STATE

from pi0_ros.policy.configuration_pi0_tiny import PI0TinyConfig


def small_pi0(
    pictures: Iterable[str],
    picture_size: tuple[int, int],
    joints: int,
    horizon: int,
    picture_side: int,
    **others: Any,
) -> PI0TinyConfig:
    """It gives chunks that begin where the arm is.

    Args:
        pictures: names of the input features that are pictures.
        picture_size: their height and width.
        joints: of state and action.
        horizon: rows of a chunk.
        picture_side: pixels of the model's square pictures.
        others: fields of the configuration.
    """
    picture = PolicyFeature(FeatureType.VISUAL, (3, *picture_size))
    return PI0TinyConfig(
        input_features={
            **dict.fromkeys(pictures, picture),
            OBS_STATE: PolicyFeature(FeatureType.STATE, (joints,)),
        },
        output_features={ACTION: PolicyFeature(FeatureType.ACTION, (joints,))},
        chunk_size=horizon,
        n_action_steps=horizon,
        # Offsets from the present state: chunks begin where the arm is, whatever else is wrong.
        use_relative_actions=True,
        relative_exclude_joints=[],
        max_state_dim=joints,
        max_action_dim=joints,
        image_resolution=(picture_side, picture_side),
        **others,
    )
