"""The demo arm's kinematics against matrices chained by hand, and its limits against the file."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.limits import limits_from_joint_limits
from pi0_ros.sim.demo_arm import HOME, JOINT_NAMES, LIMITS, forward, pointing_down

POSES = [
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.7, 0.3, 1.1, 0.0, 0.9, 0.0],
    [-1.2, -0.4, 1.9, 0.8, -0.6, 2.0],
    [2.5, 1.3, 0.2, -1.7, 1.8, -2.4],
]


def _step(axis: str, angle: float, rise: float) -> NDArray[np.float64]:
    """A homogeneous transform: turn about an axis, then go along the new z."""
    c, s = np.cos(angle), np.sin(angle)
    turn = {"z": [[c, -s, 0], [s, c, 0], [0, 0, 1]], "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]]}
    turned, moved = np.eye(4), np.eye(4)
    turned[:3, :3] = turn[axis]
    moved[2, 3] = rise
    return turned @ moved


def _chained(q: list[float]) -> dict[str, NDArray[np.float64]]:
    shoulder = _step("z", q[0], 0.16)
    elbow = shoulder @ _step("y", q[1], 0.26)
    wrist = elbow @ _step("y", q[2], 0.0) @ _step("z", q[3], 0.24)
    tip = wrist @ _step("y", q[4], 0.0) @ _step("z", q[5], 0.12)
    return {"shoulder": shoulder, "elbow": elbow, "wrist": wrist, "tip": tip}


@pytest.mark.parametrize("q", POSES)
def test_points_and_tool_agree_with_chained_transforms(q: list[float]) -> None:
    pose, chained = forward(q), _chained(q)
    for name, transform in chained.items():
        np.testing.assert_allclose(getattr(pose, name), transform[:3, 3], atol=1e-12, err_msg=name)
    np.testing.assert_allclose(pose.tool_axes, chained["tip"][:3, :3], atol=1e-12)
    np.testing.assert_allclose(pose.forearm_axes, chained["wrist"][:3, :3], atol=1e-12)


def test_many_poses_at_once_equal_one_by_one() -> None:
    together = forward(np.array(POSES).reshape(2, 2, 6))
    for index, q in enumerate(POSES):
        np.testing.assert_array_equal(together.tip.reshape(4, 3)[index], forward(q).tip)


@pytest.mark.parametrize("target", [(0.32, 0.2, 0.17), (0.2, -0.3, 0.1), (0.4, 0.0, 0.25)])
def test_pointing_down_reaches_its_target_with_the_tool_down(
    target: tuple[float, float, float],
) -> None:
    positions = pointing_down(target)
    pose = forward(positions)
    np.testing.assert_allclose(pose.tip, target, atol=1e-12)
    np.testing.assert_allclose(pose.tool_axes[:, 2], [0.0, 0.0, -1.0], atol=1e-12)
    assert positions[2] > 0.0


def test_out_of_reach_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="out of reach"):
        pointing_down((0.9, 0.0, 0.1))


def test_wrong_number_of_joints_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="6 joint positions"):
        forward([0.0] * 5)


def test_home_is_inside_the_limits() -> None:
    assert bool(np.all((LIMITS.lower < HOME) & (LIMITS.upper > HOME)))


def test_parameter_file_carries_the_same_limits() -> None:
    path = Path(__file__).parents[2] / "config" / "demo_arm.yaml"
    parameters = yaml.safe_load(path.read_text())["/**"]["ros__parameters"]
    assert tuple(parameters["joint_names"]) == JOINT_NAMES
    from_file = limits_from_joint_limits(JOINT_NAMES, parameters["joint_limits"])
    for field in ("lower", "upper", "velocity", "acceleration"):
        np.testing.assert_array_equal(
            getattr(from_file, field), getattr(LIMITS, field), err_msg=field
        )
