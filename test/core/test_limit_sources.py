"""Of two sources the tighter number wins, and each number says where it came from."""

import math

import pytest

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.limit_sources import combined_limits, require_what_no_urdf_gives
from pi0_ros.core.limits import limits_from_joint_limits
from pi0_ros.core.urdf_limits import UrdfJoint

ENTRY = {
    "has_position_limits": True,
    "min_position": -3.0,
    "max_position": 3.0,
    "has_velocity_limits": True,
    "max_velocity": 2.5,
    "has_acceleration_limits": True,
    "max_acceleration": 8.0,
}
URDF = UrdfJoint(-3.1, 2.9, 3.0, "rad")


def combined(entry, urdf=URDF):
    return combined_limits(("joint_6",), {"joint_6": entry}, {"joint_6": urdf})


def numbers(entry, urdf=URDF):
    limits = combined(entry, urdf).limits
    return [
        float(array[0])
        for array in (limits.lower, limits.upper, limits.velocity, limits.acceleration)
    ]


def without(*keys: str) -> dict:
    return {key: value for key, value in ENTRY.items() if key not in keys}


def test_every_number_is_told_with_its_source() -> None:
    assert combined(ENTRY).account == (
        "joint_6: position -3.0 (joint_limits) to 2.9 (urdf), velocity 2.5 rad/s (joint_limits), "
        "acceleration 8.0 rad/s2 (joint_limits)",
    )


def test_a_prismatic_joint_is_told_in_m() -> None:
    (sentence,) = combined(ENTRY, UrdfJoint(0.0, 0.1, 0.2, "m")).account
    assert "velocity 0.2 m/s (urdf), acceleration 8.0 m/s2 (joint_limits)" in sentence


@pytest.mark.parametrize(
    ("urdf", "expected"),
    [
        (UrdfJoint(-2.0, 4.0, 9.0, "rad"), [-2.0, 3.0, 2.5, 8.0]),
        (UrdfJoint(-4.0, 2.0, 9.0, "rad"), [-3.0, 2.0, 2.5, 8.0]),
        (UrdfJoint(-4.0, 4.0, 1.0, "rad"), [-3.0, 3.0, 1.0, 8.0]),
        (UrdfJoint(-9.0, 9.0, 9.0, "rad"), [-3.0, 3.0, 2.5, 8.0]),
        (UrdfJoint(None, None, 1.0, "rad"), [-3.0, 3.0, 1.0, 8.0]),
        (UrdfJoint(None, None, None, "rad"), [-3.0, 3.0, 2.5, 8.0]),
    ],
)
def test_the_tighter_of_each_number_wins(urdf, expected) -> None:
    assert numbers(ENTRY, urdf) == expected


def test_each_joint_gets_its_own_urdf_numbers() -> None:
    urdf = {"a": UrdfJoint(-1.0, 1.0, 1.0, "rad"), "b": UrdfJoint(-2.0, 2.0, 2.0, "rad")}
    limits = combined_limits(("b", "a"), {"a": ENTRY, "b": ENTRY}, urdf).limits
    assert limits.joint_names == ("b", "a")
    assert limits.upper.tolist() == [2.0, 1.0]


def test_where_both_agree_the_parameter_file_is_the_source() -> None:
    assert "urdf" not in combined(ENTRY, UrdfJoint(-3.0, 3.0, 2.5, "rad")).account[0]


@pytest.mark.parametrize(
    "entry",
    [
        ENTRY | {"has_position_limits": False, "has_velocity_limits": False},
        without("has_position_limits", "min_position", "max_position") | {"max_velocity": None},
        without("min_position", "max_position", "max_velocity"),
    ],
)
def test_what_the_parameter_file_does_not_give_comes_from_the_urdf(entry) -> None:
    assert numbers(entry) == [-3.1, 2.9, 3.0, 8.0]


def test_one_bound_may_come_from_each_source() -> None:
    assert numbers(without("max_position"))[:2] == [-3.0, 2.9]


@pytest.mark.parametrize(
    ("entry", "urdf", "key"),
    [
        (ENTRY | {"has_velocity_limits": False}, UrdfJoint(-1.0, 1.0, None, "rad"), "max_velocity"),
        (without("min_position"), UrdfJoint(None, None, 1.0, "rad"), "min_position"),
        (without("max_position"), UrdfJoint(None, None, 1.0, "rad"), "max_position"),
        (without("max_acceleration"), URDF, "max_acceleration"),
        (ENTRY | {"has_acceleration_limits": False}, URDF, "max_acceleration"),
    ],
)
def test_a_number_that_neither_gives_is_named_with_both_places(entry, urdf, key) -> None:
    with pytest.raises(
        ConfigurationError, match=f"joint_6: {key} is neither in joint_limits nor in the URDF"
    ):
        combined(entry, urdf)


def test_a_joint_without_an_entry_lacks_an_acceleration() -> None:
    with pytest.raises(
        ConfigurationError, match=r"max_acceleration is neither .*joint_limits\.j is"
    ):
        combined_limits(("j",), {}, {"j": URDF})


@pytest.mark.parametrize(
    "changes",
    [
        {"max_velocity": "fast"},
        {"max_velocity": True},
        {"max_velocity": math.nan},
        {"max_velocity": math.inf},
        {"has_velocity_limits": "true"},
        {"has_velocity_limits": None},
        {"max_velocity": -1.0},
    ],
)
def test_a_urdf_does_not_excuse_a_wrong_number(changes) -> None:
    with pytest.raises(ConfigurationError, match="velocity"):
        combined(ENTRY | changes)


def test_sources_that_contradict_each_other_are_both_told() -> None:
    with pytest.raises(ConfigurationError) as caught:
        combined(ENTRY, UrdfJoint(-9.0, -4.0, 1.0, "rad"))
    assert (
        "joint_6: min_position -3.0 (joint_limits) must be below max_position -4.0 (urdf)"
        in str(caught.value)
    )


def test_without_a_urdf_the_form_alone_decides() -> None:
    form = {"joint_6": ENTRY}
    alone = combined_limits(("joint_6",), form, None)
    expected = limits_from_joint_limits(("joint_6",), form)
    assert alone.limits.contains(expected)
    assert expected.contains(alone.limits)
    assert "urdf" not in alone.account[0]
    with pytest.raises(
        ConfigurationError, match=r"^joint_limits\.joint_6\.has_velocity_limits must be true"
    ):
        combined_limits(("joint_6",), {"joint_6": ENTRY | {"has_velocity_limits": False}}, None)


def test_before_the_urdf_is_there_only_what_it_cannot_give_is_required() -> None:
    accelerations = {"has_acceleration_limits": True, "max_acceleration": 1.0}
    require_what_no_urdf_gives(("j",), {"j": accelerations})
    with pytest.raises(ConfigurationError, match="max_acceleration"):
        require_what_no_urdf_gives(("j",), {"j": without("max_acceleration")})
    with pytest.raises(ConfigurationError, match="max_velocity: expected a number"):
        require_what_no_urdf_gives(("j",), {"j": ENTRY | {"max_velocity": "fast"}})


@pytest.mark.parametrize("urdf", [None, {"joint_5": URDF, "joint_6": UrdfJoint(0, 0.1, 2, "m")}])
def test_a_jerk_limit_is_taken_from_the_form_and_told(urdf) -> None:
    form = {"joint_5": ENTRY, "joint_6": {**ENTRY, "has_jerk_limits": True, "max_jerk": 50.0}}
    both = combined_limits(("joint_5", "joint_6"), form, urdf)
    assert both.limits.jerk.tolist() == [math.inf, 50.0]
    assert "jerk" not in both.account[0]
    unit = "rad" if urdf is None else "m"
    assert both.account[1].endswith(f"(joint_limits), jerk 50.0 {unit}/s3 (joint_limits)")


def test_an_impossible_jerk_limit_is_found_before_the_urdf_comes() -> None:
    form = {"joint_6": {**ENTRY, "max_jerk": 50.0}}
    with pytest.raises(ConfigurationError, match="has_jerk_limits must be true"):
        require_what_no_urdf_gives(("joint_6",), form)
