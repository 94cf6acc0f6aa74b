"""The operator's share of the speed, approached without a jump."""

import numpy as np
import pytest

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.speed_scale import SpeedScale

NOW_NS = 1_700_000_000_000_000_000


def _times(*seconds: float) -> np.ndarray:
    return NOW_NS + np.array([round(second * 1e9) for second in seconds], dtype=np.int64)


def test_a_change_is_a_straight_line():
    speed = SpeedScale(1.0)
    speed.change(0.5, int(_times(1.0)[0]))
    assert speed.target == 0.5
    assert speed.at(_times(0.9, 1.0, 1.25, 1.5, 9.0)) == pytest.approx([1.0, 1.0, 0.75, 0.5, 0.5])
    # From where it is then, not from where it would have been.
    speed.change(1.0, int(_times(1.25)[0]))
    assert speed.at(_times(1.25, 1.35, 9.0)) == pytest.approx([0.75, 0.85, 1.0])


def test_what_stands_still_takes_a_new_scale_at_once():
    speed = SpeedScale(1.0)
    speed.change(0.1, NOW_NS)
    speed.settle(NOW_NS)
    assert speed.at(_times(-1.0, 0.0)).tolist() == [0.1, 0.1]


@pytest.mark.parametrize("scale", [0.0, -0.5, 1.01, float("nan"), float("inf")])
def test_an_impossible_scale_is_refused_and_changes_nothing(scale):
    with pytest.raises(ConfigurationError, match="speed_scale must be above 0 and at most 1"):
        SpeedScale(scale)
    speed = SpeedScale(0.5)
    with pytest.raises(ConfigurationError):
        speed.change(scale, NOW_NS)
    assert speed.target == 0.5
