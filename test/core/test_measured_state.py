"""Where the arm is and how fast it moves, from joint states."""

import pytest

from pi0_ros.core.errors import InputRefused
from pi0_ros.core.measured_state import MeasuredState

MS = 1_000_000
NAMES = ("a", "b")


def _add(state: MeasuredState, at_ms: float, *values: float) -> None:
    at = round(at_ms * MS)
    state.add(at, NAMES, values, at, at)


def test_the_newest_state_and_its_age():
    state = MeasuredState(NAMES)
    assert state.newest is None
    assert state.age_s(0, 0) is None
    _add(state, 10, 1.0, 2.0)
    _add(state, 20, 3.0, 4.0)
    stamp_ns, position = state.newest
    assert (stamp_ns, position.tolist()) == (20 * MS, [3.0, 4.0])
    assert state.age_s(50 * MS, 60 * MS) == pytest.approx(0.04)


def test_speed_is_the_mean_over_a_tenth_of_a_second():
    state = MeasuredState(NAMES)
    for at in range(0, 500, 10):
        # b moved only before the last tenth of a second.
        _add(state, at, -0.002 * at, 0.001 * min(at, 390))
    assert state.speed().tolist() == pytest.approx([2.0, 0.0], rel=1e-12)


def test_speed_takes_time_to_know():
    state = MeasuredState(NAMES)
    for at in (1000, 1020, 1049):
        _add(state, at, 0.0, 0.0)
        assert state.speed() is None
    _add(state, 1050, 0.0, 0.05)
    assert state.speed().tolist() == pytest.approx([0.0, 1.0])


def test_speed_is_known_from_slow_states_too():
    state = MeasuredState(NAMES)
    _add(state, 0, 0.0, 0.0)
    _add(state, 200, 0.0, 0.0)
    assert state.speed().tolist() == [0.0, 0.0]
    _add(state, 400, 0.1, 0.0)
    assert state.speed().tolist() == pytest.approx([0.5, 0.0])


def test_refused_states_change_nothing():
    state = MeasuredState(NAMES)
    _add(state, 10, 1.0, 2.0)
    with pytest.raises(InputRefused, match=r"^joint_states: b not finite"):
        _add(state, 20, 1.0, float("nan"))
    with pytest.raises(InputRefused, match=r"^joint_states: stamp repeated"):
        _add(state, 10, 5.0, 5.0)
    assert state.newest[1].tolist() == [1.0, 2.0]


def test_forgotten_states_are_gone():
    state = MeasuredState(NAMES)
    _add(state, 10, 1.0, 2.0)
    state.forget()
    assert state.newest is None
    _add(state, 5, 1.0, 2.0)
