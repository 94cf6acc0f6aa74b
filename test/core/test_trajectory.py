"""A trajectory is sampled along straight lines and held beyond its ends."""

import numpy as np
import pytest

from pi0_ros.core.errors import InputRefused
from pi0_ros.core.trajectory import Trajectory

LINE = Trajectory(np.array([100, 200, 400]), np.array([[0.0], [1.0], [5.0]]))


@pytest.mark.parametrize(
    ("time_ns", "position"),
    [(0, 0.0), (100, 0.0), (150, 0.5), (200, 1.0), (300, 3.0), (400, 5.0), (999, 5.0)],
)
def test_positions_between_the_points(time_ns, position):
    assert LINE.sample(time_ns).tolist() == pytest.approx([position])


@pytest.mark.parametrize(
    ("times", "rows", "kind"),
    [
        ([], np.zeros((0, 1)), "shape"),
        ([1, 2], np.zeros((3, 1)), "shape"),
        ([[1, 2]], np.zeros((1, 2)), "shape"),
        ([1, 1], np.zeros((2, 1)), "time order"),
        ([2, 1], np.zeros((2, 1)), "time order"),
    ],
)
def test_what_is_no_curve_is_refused(times, rows, kind):
    with pytest.raises(InputRefused) as caught:
        Trajectory(np.array(times, dtype=np.int64), rows)
    assert caught.value.kind == kind


def test_a_trajectory_cannot_be_changed():
    for array in (LINE.times_ns, LINE.positions):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 7
