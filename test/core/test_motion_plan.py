"""A plan answers for every tick: before it and after it the arm is at rest."""

import numpy as np
import pytest

from pi0_ros.core.motion_plan import MotionPlan


def _plan() -> MotionPlan:
    return MotionPlan(10, np.array([[0.0], [1.0], [3.0], [4.0], [4.0]]))


def test_rows_are_found_by_tick():
    assert _plan().last == 14
    assert _plan().position(12).tolist() == [3.0]
    assert _plan().between(11, 13)[:, 0].tolist() == [1.0, 3.0, 4.0]


def test_before_and_after_the_plan_the_arm_rests():
    assert _plan().between(8, 11)[:, 0].tolist() == [0.0, 0.0, 0.0, 1.0]
    assert _plan().between(13, 16)[:, 0].tolist() == [4.0] * 4


@pytest.mark.parametrize(
    ("tick", "velocity"), [(10, 0.0), (11, 2.0), (12, 4.0), (14, 0.0), (99, 0)]
)
def test_velocity_is_that_with_which_a_tick_is_reached(tick, velocity):
    assert _plan().velocity(tick, 0.5).tolist() == [velocity]


def test_rest_begins_where_nothing_moves_any_more():
    assert [tick for tick in range(8, 18) if _plan().at_rest_from(tick)] == [13, 14, 15, 16, 17]
    assert MotionPlan.at_rest(3, np.ones(2)).at_rest_from(0)


def test_what_is_replaced_keeps_what_is_promised():
    plan = _plan().replaced_after(12, np.array([[9.0], [9.0]]), keep_from=11)
    assert plan.first == 11
    assert plan.rows[:, 0].tolist() == [1.0, 3.0, 9.0, 9.0]


def test_replacing_after_the_end_rests_until_there():
    plan = _plan().replaced_after(16, np.array([[5.0]]), keep_from=0)
    assert plan.first == 10
    assert plan.rows[:, 0].tolist() == [0.0, 1.0, 3.0, 4.0, 4.0, 4.0, 4.0, 5.0]


def test_what_is_forgotten_is_never_what_is_promised():
    plan = _plan().replaced_after(11, np.array([[9.0]]), keep_from=13)
    assert (plan.first, plan.rows[:, 0].tolist()) == (11, [1.0, 9.0])


def test_a_plan_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        _plan().rows[0, 0] = 1.0
