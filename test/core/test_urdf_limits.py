"""A URDF's limits are those of its joints, and what cannot be one is refused by name."""

import pytest

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.urdf_limits import UrdfJoint, urdf_limits

ORIGIN = "urdf_file /arm.urdf"
LIMIT = '<limit lower="-1.5" upper="2" velocity="3e0" effort="10"/>'


def robot(*joints: str) -> str:
    return f'<?xml version="1.0"?><robot name="arm">{"".join(joints)}</robot>'


def joint(inside: str = LIMIT, kind: str = "revolute", name: str = "elbow") -> str:
    return f'<joint name="{name}" type="{kind}"><parent link="a"/>{inside}</joint>'


def elbow(inside: str = LIMIT, kind: str = "revolute") -> UrdfJoint:
    return urdf_limits(robot(joint(inside, kind)), ("elbow",), ORIGIN)["elbow"]


def test_a_revolute_joint_has_position_and_velocity_limits_in_rad() -> None:
    assert elbow() == UrdfJoint(-1.5, 2.0, 3.0, "rad")


def test_a_prismatic_joints_limits_are_in_m() -> None:
    assert elbow(kind="prismatic") == UrdfJoint(-1.5, 2.0, 3.0, "m")


def test_a_continuous_joint_has_a_velocity_limit_at_most() -> None:
    assert elbow(kind="continuous") == UrdfJoint(None, None, 3.0, "rad")
    assert elbow("", kind="continuous") == UrdfJoint(None, None, None, "rad")
    assert elbow('<limit effort="1"/>', kind="continuous") == UrdfJoint(None, None, None, "rad")


def test_numbers_are_found_under_the_forms_keys_and_acceleration_never() -> None:
    keys = ("min_position", "max_position", "max_velocity", "max_acceleration")
    assert [elbow().limit(key) for key in keys] == [-1.5, 2.0, 3.0, None]


def test_a_bound_that_is_not_written_is_0_as_the_format_says() -> None:
    assert elbow('<limit upper="0.08" velocity="1"/>').lower == 0.0
    assert elbow('<limit lower="-0.08" velocity="1"/>').upper == 0.0


@pytest.mark.parametrize(
    ("soft", "lower", "upper"),
    [
        ('soft_lower_limit="-1" soft_upper_limit="1"', -1.0, 1.0),
        ('soft_lower_limit="-9" soft_upper_limit="9"', -1.5, 2.0),
        ('soft_upper_limit="1"', -1.5, 1.0),
        ('k_velocity="1"', -1.5, 2.0),
    ],
)
def test_soft_limits_narrow_and_never_widen(soft: str, lower: float, upper: float) -> None:
    limits = elbow(f"{LIMIT}<safety_controller {soft}/>")
    assert (limits.lower, limits.upper) == (lower, upper)


def test_joints_that_are_not_asked_for_may_be_anything() -> None:
    text = robot(
        joint(),
        joint("", "fixed", "mount"),
        joint('<limit velocity="nan"/>', name="other"),
        '<transmission name="t"><joint name="elbow"/></transmission>',
        '<ros2_control name="c" type="system"><joint name="elbow"/></ros2_control>',
    )
    assert set(urdf_limits(text, ("elbow",), ORIGIN)) == {"elbow"}


@pytest.mark.parametrize(
    ("inside", "kind", "words"),
    [
        ("", "fixed", "got type 'fixed'"),
        (LIMIT, "floating", "got type 'floating'"),
        (LIMIT, "", "got type ''"),
        (LIMIT + '<mimic joint="x"/>', "revolute", "mimics another joint"),
        ("", "revolute", "a revolute joint needs <limit>"),
        ("", "prismatic", "a prismatic joint needs <limit>"),
        (LIMIT + LIMIT, "revolute", "expected one <limit>, got 2"),
        ('<limit lower="0" upper="1"/>', "revolute", "<limit> has no velocity"),
        ('<limit velocity="1"/>', "revolute", "lower (0.0) must be below upper (0.0)"),
        ('<limit lower="1" upper="-1" velocity="1"/>', "revolute", "lower (1.0) must be below"),
        ('<limit lower="0" upper="1" velocity="0"/>', "revolute", "velocity must be above 0"),
        ('<limit velocity="-1"/>', "continuous", "velocity must be above 0"),
        ('<limit lower="nan" upper="1" velocity="1"/>', "revolute", "lower must be a finite"),
        ('<limit lower="0" upper="inf" velocity="1"/>', "revolute", "upper must be a finite"),
        ('<limit lower="0" upper="1" velocity="1e999"/>', "revolute", "velocity must be a finite"),
        ('<limit lower="0" upper="1_0" velocity="1"/>', "revolute", "got '1_0'"),
        ('<limit lower="" upper="1" velocity="1"/>', "revolute", "lower must be a finite"),
        ('<limit lower="${-pi}" upper="1" velocity="1"/>', "revolute", "expand xacro first"),
        (LIMIT + '<safety_controller soft_lower_limit="x"/>', "revolute", "soft_lower_limit must"),
        (LIMIT + '<safety_controller soft_lower_limit="2"/>', "revolute", "soft_lower_limit (2.0)"),
    ],
)
def test_a_joint_that_cannot_be_limited_is_named(inside: str, kind: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        elbow(inside, kind)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{ORIGIN}: joint elbow: ")


def test_a_joint_that_is_absent_or_there_twice_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"joint wrist: no such joint.*there: elbow") as e:
        urdf_limits(robot(joint()), ("elbow", "wrist"), ORIGIN)
    assert str(e.value).startswith(ORIGIN)
    with pytest.raises(ConfigurationError, match="joint elbow: 2 joints of this name"):
        urdf_limits(robot(joint(), joint()), ("elbow",), ORIGIN)
    with pytest.raises(ConfigurationError, match="there: none"):
        urdf_limits(robot(), ("elbow",), ORIGIN)


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE robot [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE robot SYSTEM "file:///etc/passwd">',
        "<!doctype robot>",
    ],
)
def test_a_document_type_is_refused_before_it_is_parsed(head: str) -> None:
    with pytest.raises(ConfigurationError, match="document type or entities is refused"):
        urdf_limits(head + "<robot>&b;</robot>", ("elbow",), ORIGIN)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected a URDF, got no XML"),
        ("<robot><joint></robot>", "expected a URDF, got no XML"),
        ("<robot>&a;</robot>", "expected a URDF, got no XML"),
        ("<sdf/>", "<robot>, got <sdf>"),
    ],
)
def test_what_is_no_urdf_is_refused(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        urdf_limits(text, ("elbow",), ORIGIN)
