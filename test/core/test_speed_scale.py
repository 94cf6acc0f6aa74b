"""A clock for chunks that changes its speed without a jump."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.speed_scale import SpeedScale

NOW_NS = 1_700_000_000_000_000_000
SCALES = st.floats(0.01, 1.0)


def _times(*seconds: float) -> np.ndarray:
    return NOW_NS + np.array([round(second * 1e9) for second in seconds], dtype=np.int64)


def _played_s(speed: SpeedScale, *seconds: float) -> list[float]:
    return (np.diff(speed.played_ns(_times(0.0, *seconds))) / 1e9).tolist()


def test_at_full_speed_time_is_time():
    assert _played_s(SpeedScale(), 3.0) == [3.0]


def test_a_scale_that_stays_scales_time():
    speed = SpeedScale(0.25)
    speed.settle(NOW_NS)
    assert _played_s(speed, 8.0) == [2.0]
    assert speed.at(_times(-5.0, 5.0)).tolist() == [0.25, 0.25]


def test_a_change_is_a_straight_line():
    speed = SpeedScale(1.0)
    speed.settle(NOW_NS)
    speed.change(0.5, int(_times(1.0)[0]))
    assert speed.target == 0.5
    assert speed.at(_times(0.9, 1.0, 1.25, 1.5, 9.0)) == pytest.approx([1.0, 1.0, 0.75, 0.5, 0.5])
    assert _played_s(speed, 1.0, 1.5, 3.5) == pytest.approx([1.0, 0.375, 1.0])


@given(SCALES, st.lists(st.tuples(SCALES, st.floats(0.0, 1.5)), min_size=1, max_size=4))
def test_time_goes_on_without_a_jump_however_often_it_changes(first, changes):
    speed, when = SpeedScale(first), 0.0
    speed.settle(NOW_NS)
    for scale, wait in changes:
        when += wait
        before = speed.played_ns(_times(when)), speed.at(_times(when))
        speed.change(scale, int(_times(when)[0]))
        assert speed.played_ns(_times(when)) == pytest.approx(before[0])
        assert speed.at(_times(when)) == pytest.approx(before[1])
    fine = _times(*(when + np.linspace(0.0, 2.0, 401)))
    rate = np.diff(speed.played_ns(fine)) / np.diff(fine)
    scale = speed.at(fine)
    assert rate == pytest.approx((scale[1:] + scale[:-1]) / 2, abs=3e-3)
    assert scale[-1] == pytest.approx(speed.target)


def test_what_stands_still_takes_a_new_scale_at_once():
    speed = SpeedScale(1.0)
    speed.change(0.1, NOW_NS)
    speed.settle(NOW_NS)
    assert speed.at(_times(0.0)).tolist() == [0.1]


@pytest.mark.parametrize("scale", [0.0, -0.5, 1.01, float("nan"), float("inf")])
def test_an_impossible_scale_is_refused_and_changes_nothing(scale):
    with pytest.raises(ConfigurationError, match="speed_scale must be above 0 and at most 1"):
        SpeedScale(scale)
    speed = SpeedScale(0.5)
    with pytest.raises(ConfigurationError):
        speed.change(scale, NOW_NS)
    assert speed.target == 0.5
