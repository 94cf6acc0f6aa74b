"""What was commanded, tick by tick."""

import numpy as np
import pytest

from pi0_ros.core.command_record import CommandRecord

MS = 1_000_000


def test_rows_count_from_the_two_before_them():
    record = CommandRecord(1)
    record.commanded(np.array([[0.0], [0.1], [0.3]]), 0.1)
    assert record.velocity.tolist() == pytest.approx([2.0])
    assert record.acceleration.tolist() == pytest.approx([10.0])
    record.commanded(np.array([[0.1], [0.3], [0.3]]), 0.1)
    assert record.velocity.tolist() == [0.0]
    assert record.acceleration.tolist() == pytest.approx([-20.0])
    assert record.peak_velocity.tolist() == pytest.approx([2.0])
    assert record.peak_acceleration.tolist() == pytest.approx([20.0])


def test_peaks_are_found_among_many_rows():
    record = CommandRecord(1)
    record.commanded(np.array([[0.0], [0.0], [-0.5], [0.0], [0.0]]), 0.1)
    assert record.peak_velocity.tolist() == pytest.approx([5.0])
    assert record.velocity.tolist() == [0.0]


def test_rounding_is_not_limiting():
    record = CommandRecord(2)
    record.followed(np.array([1.0, 1.0]), np.array([1.0 + 1e-7, 1.0 - 1e-5]))
    assert record.limited_ticks.tolist() == [0, 1]
    assert record.displacement.tolist() == pytest.approx([1e-7, 1e-5])


def test_timing_is_handed_out_once():
    record = CommandRecord(1)
    record.ticked(0, None)
    record.ticked(20 * MS, 0.1)
    record.ticked(45 * MS, 0.2)
    assert record.take_timing() == (pytest.approx((0.02, 0.025)), (0.1, 0.2))
    record.ticked(65 * MS, None)
    assert record.take_timing() == (pytest.approx((0.02,)), ())
