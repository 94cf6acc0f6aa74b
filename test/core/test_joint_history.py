"""Joint positions are found by the moment, as far back as was asked for, in bounded memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi0_ros.core.joint_history import JointHistory

MS = 1_000_000


def filled(stamps_ms: list[int], seconds: float = 0.3) -> JointHistory:
    history = JointHistory(seconds)
    for stamp in stamps_ms:
        history.add(stamp * MS, np.array([float(stamp)]))
    return history


def found(history: JointHistory, stamp_ms: int) -> tuple[int, float]:
    apart_ns, positions = history.nearest(stamp_ms * MS)
    return apart_ns // MS, float(positions[0])


@given(
    st.sets(st.integers(0, 300), min_size=1).map(sorted),
    st.integers(-50, 350),
)
def test_the_nearest_is_found_among_all_of_the_time_kept(stamps: list[int], asked: int) -> None:
    apart, position = found(filled(stamps), asked)
    assert apart == abs(position - asked) == min(abs(stamp - asked) for stamp in stamps)


def test_of_two_as_near_the_older_is_taken() -> None:
    assert found(filled([0, 10]), 5) == (5, 0.0)


@pytest.mark.parametrize("period_ms", [1, 10, 33])
def test_a_moment_as_old_as_asked_for_is_kept_and_older_ones_are_not(period_ms: int) -> None:
    history = filled(list(range(0, 3000, period_ms)))
    newest = max(range(0, 3000, period_ms))
    assert found(history, newest - 300)[0] <= period_ms
    assert found(history, 0)[0] >= newest - 300


def test_memory_is_bounded_whatever_the_rate() -> None:
    history = JointHistory(0.3)
    for stamp in range(5000):
        history.add(stamp, np.array([0.0]))
    assert history.nearest(0)[0] == 5000 - 602


def test_nothing_is_there_once_it_is_cleared() -> None:
    history = filled([1, 2])
    history.clear()
    with pytest.raises(IndexError):
        history.nearest(0)
