"""Joint values are picked by name, or the message is refused by kind."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi0_ros.core.errors import ConfigurationError, InputRefused
from pi0_ros.core.joints import JointOrder

NAMES = ("shoulder", "elbow", "wrist")


def _refused(names, values, kind: str) -> str:
    with pytest.raises(InputRefused) as caught:
        JointOrder(NAMES).select(names, values, "joint_states")
    assert caught.value.kind == kind
    return str(caught.value)


@given(st.permutations((*NAMES, "gripper", "wheel")))
def test_joints_are_picked_by_name_whatever_the_order(names):
    values = {name: float(number) for number, name in enumerate((*NAMES, "gripper", "wheel"))}
    picked = JointOrder(NAMES).select(names, [values[name] for name in names], "joint_states")
    assert picked.tolist() == [0.0, 1.0, 2.0]


def test_the_order_may_change_from_message_to_message():
    order = JointOrder(NAMES)
    assert order.select(NAMES, [1.0, 2.0, 3.0], "x").tolist() == [1.0, 2.0, 3.0]
    assert order.select(NAMES[::-1], [1.0, 2.0, 3.0], "x").tolist() == [3.0, 2.0, 1.0]
    assert order.select(NAMES, [1.0, 2.0, 3.0], "x").tolist() == [1.0, 2.0, 3.0]


def test_a_refused_message_leaves_the_mapping_as_it_was():
    order = JointOrder(NAMES)
    order.select(NAMES, [1.0, 2.0, 3.0], "x")
    with pytest.raises(InputRefused):
        order.select(("shoulder",), [1.0], "x")
    assert order.select(NAMES, [1.0, 2.0, 3.0], "x").tolist() == [1.0, 2.0, 3.0]


def test_values_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        JointOrder(NAMES).select(NAMES, [1.0, 2.0, 3.0], "x")[0] = 9.0


def test_a_missing_joint_is_named():
    assert "no wrist among" in _refused(NAMES[:2], [1.0, 2.0], "joint missing")
    assert "no names" in _refused((), (), "joint missing")


def test_a_doubled_joint_is_named_even_where_it_is_not_used():
    assert "elbow named twice" in _refused((*NAMES, "elbow"), [1.0] * 4, "joint doubled")
    names = (*NAMES, "wheel", "wheel")
    assert "wheel named twice" in _refused(names, [1.0] * 5, "joint doubled")


@pytest.mark.parametrize("values", [(), (1.0, 2.0), (1.0, 2.0, 3.0, 4.0)])
def test_as_many_values_as_names(values):
    assert f"{len(values)} values for 3 joints" in _refused(NAMES, values, "length")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_named(bad):
    assert "elbow not finite" in _refused(NAMES, [0.0, bad, 0.0], "not finite")


def test_another_robots_joint_may_be_nan():
    picked = JointOrder(NAMES).select((*NAMES, "gripper"), [1.0, 2.0, 3.0, np.nan], "x")
    assert picked.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("names", [(), ("",), ("a", "a")])
def test_configured_names_must_be_distinct(names):
    with pytest.raises(ConfigurationError, match="joint_names"):
        JointOrder(names)
