"""What the arm's own controller must be set to for the promises to hold on what it samples."""

from collections.abc import Mapping

INTERPOLATE_FROM_DESIRED_STATE = "interpolate_from_desired_state"
ALLOW_TRAJECTORY_REPLACEMENT = "allow_trajectory_replacement"


def expected_settings(interpolate_from_desired_state: bool) -> Mapping[str, bool]:
    """The parameters of a joint_trajectory_controller that matter, and their values.

    Args:
        interpolate_from_desired_state: what this package's parameter of that name claims.
    """
    return {
        INTERPOLATE_FROM_DESIRED_STATE: interpolate_from_desired_state,
        # Where it exists and is on, a message that has begun is played from its first point, late.
        ALLOW_TRAJECTORY_REPLACEMENT: False,
    }


def wrong_setting(controller: str, name: str, said: bool, expected: bool) -> str:
    """Why the arm's controller is not as expected; empty where it is.

    Args:
        controller: its full name.
        name: of one of its parameters.
        said: its value.
    """
    if said is expected:
        return ""
    sentence = f"{controller}: its parameter {name} is {_text(said)}"
    if name == INTERPOLATE_FROM_DESIRED_STATE:
        return (
            f"{sentence}, and pi0_controller's parameter {name} says {_text(expected)}: "
            "change one of them"
        )
    return f"{sentence}, expected {_text(expected)}: it would delay every trajectory"


def _text(value: bool) -> str:
    return "true" if value else "false"
