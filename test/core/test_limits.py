"""Limits have no defaults, and what is wrong with them is named."""

import copy

import numpy as np
import pytest

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.joint_limits_form import jerk_limit
from pi0_ros.core.limits import ArmLimits, limits_from_joint_limits

NAMES = ("joint_1", "joint_2")
ENTRY = {
    "has_position_limits": True,
    "min_position": -1.0,
    "max_position": 2,
    "has_velocity_limits": True,
    "max_velocity": 3.0,
    "has_acceleration_limits": True,
    "max_acceleration": 4.0,
}
FORM = {"joint_1": ENTRY, "joint_2": {**ENTRY, "max_velocity": 5.0}, "gripper": {}}


def _limits(**changes) -> ArmLimits:
    fields = {
        "joint_names": NAMES,
        "lower": [-1.0, -1.0],
        "upper": [1.0, 1.0],
        "velocity": [2.0, 2.0],
        "acceleration": [3.0, 3.0],
    }
    return ArmLimits(**{**fields, **changes})


def test_limits_come_from_the_joint_limits_form_in_joint_order():
    limits = limits_from_joint_limits(("joint_2", "joint_1"), FORM)
    assert limits.joint_names == ("joint_2", "joint_1")
    assert limits.velocity.tolist() == [5.0, 3.0]
    assert limits.lower.tolist() == [-1.0, -1.0]
    assert limits.upper.tolist() == [2.0, 2.0]
    assert limits.acceleration.tolist() == [4.0, 4.0]
    assert limits.joints == 2


@pytest.mark.parametrize("key", sorted(ENTRY))
@pytest.mark.parametrize("joint", NAMES)
def test_a_missing_key_is_named(joint, key):
    form = copy.deepcopy(FORM)
    del form[joint][key]
    with pytest.raises(ConfigurationError, match=rf"joint_limits\.{joint}\.{key}"):
        limits_from_joint_limits(NAMES, form)


@pytest.mark.parametrize("kind", ["position", "velocity", "acceleration"])
@pytest.mark.parametrize("off", [False, "true", 1, None])
def test_a_limit_that_is_switched_off_is_refused(kind, off):
    form = copy.deepcopy(FORM)
    form["joint_2"][f"has_{kind}_limits"] = off
    with pytest.raises(ConfigurationError, match=f"has_{kind}_limits must be true"):
        limits_from_joint_limits(NAMES, form)


@pytest.mark.parametrize("value", ["1.0", True, None, [1.0]])
def test_a_limit_that_is_not_a_number_is_refused(value):
    form = copy.deepcopy(FORM)
    form["joint_1"]["max_velocity"] = value
    with pytest.raises(ConfigurationError) as caught:
        limits_from_joint_limits(NAMES, form)
    assert str(caught.value) == (
        f"joint_limits.joint_1.max_velocity: expected a number, got {value!r}; "
        "set it in the robot's parameter file"
    )


def test_a_joint_without_limits_is_named():
    with pytest.raises(ConfigurationError) as caught:
        limits_from_joint_limits(("joint_1", "elbow"), FORM)
    assert str(caught.value) == (
        "joint_limits.elbow is missing: every joint needs position, velocity and acceleration "
        "limits in the robot's parameter file"
    )
    # A jerk limit it needs not.
    assert jerk_limit({}, "elbow") == np.inf


@pytest.mark.parametrize("field", ["lower", "upper", "velocity", "acceleration"])
@pytest.mark.parametrize("value", [[np.nan, 1.0], [1.0, np.inf], [1.0], [[1.0, 1.0]]])
def test_limits_are_finite_and_one_a_joint(field, value):
    with pytest.raises(ConfigurationError, match=f"{field} must be 2 finite numbers"):
        _limits(**{field: value})


def test_lower_is_below_upper():
    for upper in (-1.0, -2.0):
        with pytest.raises(ConfigurationError, match=r"joint_2: min_position .* below"):
            _limits(upper=[1.0, upper])


@pytest.mark.parametrize("field", ["velocity", "acceleration"])
@pytest.mark.parametrize("value", [0.0, -1.0])
def test_speed_limits_are_above_zero(field, value):
    with pytest.raises(ConfigurationError, match=f"joint_2: max_{field} must be above 0"):
        _limits(**{field: [1.0, value]})


@pytest.mark.parametrize("names", [("a",), ("a", "a"), ("a", "")])
def test_names_fit(names):
    with pytest.raises(ConfigurationError, match=r"^(joint_names: |limits: )"):
        _limits(joint_names=names)


@pytest.mark.parametrize(
    ("changes", "contained"),
    [
        ({}, True),
        ({"lower": [-0.5, -1.0]}, True),
        ({"lower": [-1.5, -1.0]}, False),
        ({"upper": [1.0, 0.5]}, True),
        ({"upper": [1.0, 1.1]}, False),
        ({"velocity": [1.0, 2.0]}, True),
        ({"velocity": [1.0, 2.1]}, False),
        ({"acceleration": [3.0, 1.0]}, True),
        ({"acceleration": [3.1, 1.0]}, False),
        ({"joint_names": ("joint_2", "joint_1")}, False),
    ],
)
def test_narrower_limits_are_contained(changes, contained):
    assert _limits().contains(_limits(**changes)) is contained


def test_limits_cannot_be_changed_afterwards():
    lower = np.array([-1.0, -1.0])
    limits = _limits(lower=lower)
    lower[0] = -9.0
    assert limits.lower[0] == -1.0
    with pytest.raises(ValueError, match="read-only"):
        limits.velocity[0] = 9.0


def _with_jerk(**changes):
    return {**FORM, "joint_2": {**ENTRY, **changes}}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"has_jerk_limits": False},
        {"has_jerk_limits": False, "max_jerk": 0.0},
        {"has_jerk_limits": False, "max_jerk": "any"},
        {"has_jerk_limits": None, "max_jerk": None},
    ],
)
def test_jerk_is_unlimited_unless_it_is_asked_for(changes):
    limits = limits_from_joint_limits(NAMES, _with_jerk(**changes))
    assert limits.jerk.tolist() == [np.inf, np.inf]


def test_a_jerk_limit_is_of_its_joint():
    limits = limits_from_joint_limits(NAMES, _with_jerk(has_jerk_limits=True, max_jerk=50))
    assert limits.jerk.tolist() == [np.inf, 50.0]
    assert not limits.jerk.flags.writeable


@pytest.mark.parametrize("value", [None, True, "50", np.nan, np.inf])
def test_a_jerk_limit_that_is_on_needs_a_number(value):
    with pytest.raises(
        ConfigurationError, match=r"joint_limits\.joint_2\.max_jerk: expected a num"
    ):
        limits_from_joint_limits(NAMES, _with_jerk(has_jerk_limits=True, max_jerk=value))


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_jerk_limit_is_above_0(value):
    with pytest.raises(ConfigurationError, match="limits of joint_2: max_jerk must be above 0"):
        limits_from_joint_limits(NAMES, _with_jerk(has_jerk_limits=True, max_jerk=value))


@pytest.mark.parametrize("switch", [None, "true", 1])
def test_a_jerk_limit_without_its_switch_is_refused(switch):
    with pytest.raises(ConfigurationError) as caught:
        limits_from_joint_limits(NAMES, _with_jerk(has_jerk_limits=switch, max_jerk=50.0))
    assert str(caught.value) == (
        "joint_limits.joint_2.has_jerk_limits must be true for max_jerk to be kept, or false, "
        f"got {switch!r}"
    )


def test_one_jerk_is_meant_for_every_joint_and_several_for_each():
    assert _limits(jerk=7.0).jerk.tolist() == [7.0, 7.0]
    assert _limits(jerk=[7.0, np.inf]).jerk.tolist() == [7.0, np.inf]
    with pytest.raises(ConfigurationError, match=r"jerk must be 2 numbers, got \[1\.0\]"):
        _limits(jerk=[1.0])
    with pytest.raises(ConfigurationError, match="max_jerk must be above 0, got nan"):
        _limits(jerk=[1.0, np.nan])


def test_a_higher_jerk_is_a_wider_limit():
    assert _limits(jerk=7.0).contains(_limits(jerk=6.0))
    assert not _limits(jerk=7.0).contains(_limits(jerk=[7.0, 7.1]))
    assert not _limits(jerk=7.0).contains(_limits())
