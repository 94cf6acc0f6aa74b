"""Messages there and back."""

import array

import numpy as np
import pytest
from sensor_msgs.msg import Image

from pi0_ros.core.chunk import ActionChunk
from pi0_ros.core.errors import InputRefused
from pi0_ros.core.trajectory import Trajectory
from pi0_ros.ros.conversions import (
    chunk_from_message,
    chunk_message,
    duration_message,
    nanoseconds,
    position_message,
    rgb_from_message,
    time_message,
    trajectory_message,
)

NAMES = ("a", "b", "c")


def chunk(**changes: object) -> ActionChunk:
    values = {
        "stamp_ns": 1_700_000_000_123_456_789,
        "step_ns": 33_333_333,
        "joint_names": NAMES,
        "positions": np.arange(12.0).reshape(4, 3),
        "sequence": 7,
        "epoch": 1_700_000_000,
    }
    return ActionChunk(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("time_ns", [0, 1, 999_999_999, 1_700_000_000_000_000_001])
def test_times_keep_every_nanosecond(time_ns: int) -> None:
    assert nanoseconds(time_message(time_ns)) == time_ns
    assert nanoseconds(duration_message(time_ns)) == time_ns


def test_a_negative_duration_keeps_its_sign() -> None:
    assert nanoseconds(duration_message(-1)) == -1


def test_a_chunk_comes_back_as_it_went() -> None:
    message = chunk_message(chunk(), "do it", "stub-0", 60_000_000)
    back = chunk_from_message(message)

    assert np.array_equal(back.positions, chunk().positions)
    for field in ("stamp_ns", "step_ns", "joint_names", "sequence", "epoch"):
        assert getattr(back, field) == getattr(chunk(), field)
    assert (message.instruction, message.policy_id) == ("do it", "stub-0")
    assert nanoseconds(message.inference_time) == 60_000_000


@pytest.mark.parametrize(("horizon", "values"), [(5, 12), (4, 11), (0, 0)])
def test_a_chunk_whose_values_do_not_fit_is_refused(horizon: int, values: int) -> None:
    message = chunk_message(chunk(), "", "", 0)
    message.horizon = horizon
    message.values = array.array("d", [0.0] * values)

    with pytest.raises(InputRefused) as refused:
        chunk_from_message(message)
    assert refused.value.kind == "shape"


def test_a_trajectory_starts_at_its_stamp_and_has_positions_only() -> None:
    times = 1_000_000_000_000_000_005 + 20_000_000 * np.arange(3)
    message = trajectory_message(Trajectory(times, np.arange(9.0).reshape(3, 3)), NAMES)

    assert nanoseconds(message.header.stamp) == times[0]
    assert [nanoseconds(point.time_from_start) for point in message.points] == [
        0,
        20_000_000,
        40_000_000,
    ]
    assert [list(point.positions) for point in message.points] == np.arange(9.0).reshape(
        3, 3
    ).tolist()
    assert not any(len(point.velocities) for point in message.points)


def test_a_position_command_has_one_value_a_joint() -> None:
    assert list(position_message(np.array([1.0, 2.0])).data) == [1.0, 2.0]


def test_an_rgb_picture_is_a_view_of_its_message() -> None:
    message = Image(height=2, width=3, encoding="rgb8", step=12)
    message.data = array.array("B", range(24))

    pixels = rgb_from_message(message, (2, 3))
    message.data[0] = 99

    assert pixels.shape == (2, 3, 3)
    assert pixels[0, 0, 0] == 99
    assert pixels[1, 0].tolist() == [12, 13, 14]
