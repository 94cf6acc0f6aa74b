"""A controller that its manager says is not active follows nothing, whoever subscribes."""

import pytest

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.manager_answers import Following, ManagerAnswers, manager_name

JTC = "/left/joint_trajectory_controller"
MANAGER = "/left/controller_manager"
SERVICE = f"{MANAGER}/list_controllers"
NAME = "joint_trajectory_controller"
MS = 1_000_000
TRUSTED = Following(unverified=f"nobody answers {SERVICE}: whether {JTC} is active is not verified")
NO_ANSWER_YET = Following(f"{SERVICE}: asked, no answer yet")
NO_ANSWER = Following(f"{SERVICE}: no answer within 1 s")
SILENT = Following(doubt=f"{SERVICE}: no answer within 2 s, whether {JTC} is active is not known")


def answers(controller: str = JTC, manager: str = MANAGER) -> ManagerAnswers:
    return ManagerAnswers(controller, manager)


def told(*states: str, since_ns: int = 0) -> ManagerAnswers:
    """One that was asked and answered once for each state, at `since_ns`; "" is no such one."""
    made = answers()
    for state in states:
        made.asked(since_ns)
        made.answered(
            {"joint_state_broadcaster": "active"} | {NAME: state} if state else {}, since_ns
        )
    return made


@pytest.mark.parametrize(
    ("controller", "given", "full"),
    [
        ("/joint_trajectory_controller", "controller_manager", "/controller_manager"),
        (JTC, "controller_manager", "/left/controller_manager"),
        (JTC, "cell/manager_2", "/left/cell/manager_2"),
        (JTC, "/controller_manager", "/controller_manager"),
    ],
)
def test_the_manager_is_beside_the_controller_unless_its_name_is_absolute(controller, given, full):
    assert manager_name(controller, given) == full
    assert answers(controller, full).service == f"{full}/list_controllers"


@pytest.mark.parametrize(
    "given", ["", "/", "a b", "2nd", "manager/", "//manager", "mänager", "a\n"]
)
def test_what_cannot_be_a_nodes_name_is_refused_and_quoted(given):
    with pytest.raises(ConfigurationError) as caught:
        manager_name(JTC, given)
    assert str(caught.value) == (
        "controller_manager: expected a node's name, such as controller_manager or "
        f"/left/controller_manager, got {given!r}"
    )


@pytest.mark.parametrize("active", [True, False])
def test_an_active_controller_is_no_problem(active):
    assert told("active").following(True, active, 0) == Following()


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize(
    ("state", "command"),
    [
        ("inactive", f"ros2 control switch_controllers -c {MANAGER} --activate {NAME}"),
        ("finalized", f"ros2 control switch_controllers -c {MANAGER} --activate {NAME}"),
        (
            "unconfigured",
            f"ros2 control set_controller_state -c {MANAGER} {NAME} inactive; "
            f"ros2 control switch_controllers -c {MANAGER} --activate {NAME}",
        ),
    ],
)
def test_any_other_state_is_told_with_the_command_that_mends_it(active, state, command):
    sentence = f"{JTC} is {state} and ignores commands: activate it ({command})"
    assert told("active", state).following(True, active, 0) == Following(sentence)
    # However long ago that was.
    assert told(state).following(True, True, 60_000 * MS) == Following(sentence)


def test_the_default_manager_needs_no_option():
    made = answers("/forward_position_controller", "/controller_manager")
    made.asked(0)
    made.answered({"forward_position_controller": "inactive"}, 0)
    assert made.following(True, True, 0).problem == (
        "/forward_position_controller is inactive and ignores commands: activate it "
        "(ros2 control switch_controllers --activate forward_position_controller)"
    )


def test_a_state_is_printed_as_one_line():
    assert "is in\\nactive and" in told("in\nactive").following(True, True, 0).problem


def test_activated_again_it_is_no_problem_any_more():
    assert told("active", "inactive", "active").following(True, True, 0) == Following()


@pytest.mark.parametrize("active", [True, False])
def test_a_controller_that_is_not_listed_is_believed(active):
    assert told("").following(True, active, 0) == Following(
        unverified=f"{SERVICE} does not list it: whether {JTC} is active is not verified"
    )


def test_one_that_was_listed_and_is_no_longer_is_gone():
    assert told("active", "").following(True, True, 0) == Following(
        f"{JTC} was unloaded: load it (ros2 control load_controller -c {MANAGER} "
        f"--set-state active {NAME})"
    )


@pytest.mark.parametrize("active", [True, False])
def test_where_nobody_can_be_asked_it_is_believed(active):
    assert answers().following(False, active, 10_000 * MS) == TRUSTED


def test_before_activation_an_answer_is_waited_for():
    made = answers()
    made.asked(5 * MS)
    assert made.following(True, False, 1004 * MS) == NO_ANSWER_YET
    assert made.following(True, False, 1005 * MS) == NO_ANSWER
    made.asked(1006 * MS)
    assert made.following(True, False, 1006 * MS) == NO_ANSWER
    made.answered({NAME: "active"}, 1007 * MS)
    assert made.following(True, False, 1007 * MS) == Following()
    # What was said too long ago counts for nothing.
    assert made.following(True, False, 2007 * MS) == NO_ANSWER


def test_while_active_one_late_answer_is_nothing_and_two_hold_until_one_comes():
    made = told("active", since_ns=5 * MS)
    made.asked(205 * MS)
    assert made.following(True, True, 1300 * MS) == Following()
    made.asked(1300 * MS)
    assert made.following(True, True, 2004 * MS) == Following()
    assert made.following(True, True, 2005 * MS) == SILENT
    made.answered({NAME: "active"}, 2100 * MS)
    assert made.following(True, True, 2100 * MS) == Following()


def test_a_manager_that_goes_away_while_active_is_one_that_is_silent():
    made = told("active", since_ns=5 * MS)
    assert made.following(False, True, 2004 * MS) == Following()
    assert made.following(False, True, 2005 * MS) == SILENT


def test_a_manager_that_comes_while_active_is_waited_for_as_long():
    made = answers()
    assert made.following(False, True, 0) == TRUSTED
    made.asked(5 * MS)
    assert made.following(True, True, 2004 * MS) == Following()
    assert made.following(True, True, 2005 * MS) == SILENT


@pytest.mark.parametrize("state", ["active", "inactive", ""])
def test_while_inactive_what_a_manager_said_goes_with_it(state):
    made = told("active", state)
    assert made.following(False, False, 0) == TRUSTED
    assert made.must_ask(0)
    made.asked(0)
    assert made.following(True, False, 0) == NO_ANSWER_YET


def test_it_is_asked_again_soon_after_an_answer_and_later_where_none_comes():
    made = answers()
    assert made.must_ask(7 * MS)
    made.asked(7 * MS)
    assert not made.must_ask(1006 * MS)
    assert made.must_ask(1007 * MS)
    made.asked(1007 * MS)
    made.answered({}, 1010 * MS)
    assert not made.must_ask(1156 * MS)
    assert made.must_ask(1157 * MS)
