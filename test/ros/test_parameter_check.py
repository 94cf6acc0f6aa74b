"""Impossible parameters are named; possible ones pass in the type that the table says."""

from typing import Any

import pytest

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.ros.parameter_check import checked_parameters
from pi0_ros.ros.parameters import NODES

CONTROLLER = NODES["pi0_controller"]
POLICY = NODES["pi0_policy"]


def test_demo_arm_limits_and_nothing_else_make_a_controller(limits: dict[str, Any]) -> None:
    values = checked_parameters(CONTROLLER, limits).require()

    assert values.number("control_rate") == 50.0
    assert values.below("joint_limits")["joint_6"]["max_velocity"] == 2.5


def test_whole_numbers_pass_where_numbers_are_wanted(limits: dict[str, Any]) -> None:
    given = {**limits, "control_rate": 30, "joint_limits.joint_6.max_velocity": 3}
    values = checked_parameters(CONTROLLER, given).require()

    assert values.number("control_rate") == 30.0
    assert values.below("joint_limits")["joint_6"]["max_velocity"] == 3.0


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("control_rate", 0.0, "control_rate: must be from 1 to 1000 Hz, got 0.0"),
        ("control_rate", -50.0, "control_rate: must be from 1 to 1000 Hz"),
        ("control_rate", float("nan"), "control_rate: must be finite, got nan"),
        ("control_rate", "fast", "control_rate: must be a number, got 'fast'"),
        ("control_rate", True, "control_rate: must be a number, got True"),
        ("lead_ticks", 1.5, "lead_ticks: must be a whole number, got 1.5"),
        ("autostart", "yes", "autostart: must be true or false, got 'yes'"),
        ("command_interface", "velocity", "command_interface: must be one of joint_trajectory"),
        ("joint_names", ["joint_1", "joint_1"], "joint_names: joint_1 given more than once"),
        ("joint_names", None, "joint_names: expected at least one non-empty name"),
        ("joint_limits.joint_6.max_velocity", float("inf"), "joint_6.max_velocity: must be finite"),
        ("joint_limits.joint_6.max_velocty", 1.0, "joint_limits.joint_6.max_velocity meant?"),
        ("joint_limits.joint_7.max_velocity", 1.0, "joint_limits.joint_7: 'joint_7' is not in"),
        ("controll_rate", 30.0, "controll_rate: unknown parameter; is control_rate meant?"),
    ],
)
def test_a_value_that_cannot_work_is_named(
    limits: dict[str, Any], name: str, value: object, words: str
) -> None:
    checked = checked_parameters(CONTROLLER, {**limits, name: value})

    assert words in "; ".join(checked.problems)
    with pytest.raises(ConfigurationError):
        checked.require()


def test_a_missing_limit_is_named(limits: dict[str, Any]) -> None:
    del limits["joint_limits.joint_6.max_acceleration"]

    problems = checked_parameters(CONTROLLER, limits).problems

    assert len(problems) == 1
    assert problems[0].startswith("joint_limits.joint_6.max_acceleration is missing")


def test_what_a_urdf_can_give_may_be_left_out_by_the_controller_alone(
    limits: dict[str, Any],
) -> None:
    name = "joint_limits.joint_6.max_velocity"
    del limits[name]

    checked = checked_parameters(CONTROLLER, limits)
    assert not checked.problems
    assert name not in checked.values.by_name
    assert name in checked.table
    assert len(checked_parameters(NODES["mock_arm"], limits).problems) == 1


def test_every_problem_is_told_at_once(limits: dict[str, Any]) -> None:
    checked = checked_parameters(CONTROLLER, {**limits, "control_rate": 0, "blend": -1.0})

    assert len(checked.problems) == 2


def test_what_belongs_to_other_nodes_may_stand_beside(limits: dict[str, Any]) -> None:
    others = {"camera_names": ["main"], "use_sim_time": False, "qos_overrides./x.depth": 1}

    assert not checked_parameters(CONTROLLER, {**limits, **others}).problems
    assert not checked_parameters(POLICY, {**limits, **others}).problems


def test_foreign_parameters_and_limits_that_nothing_enforces_are_remarked(
    limits: dict[str, Any],
) -> None:
    given = {**limits, "gripper_force": 3.0, "joint_limits.joint_1.max_effort": 50.0}
    checked = checked_parameters(CONTROLLER, given)

    assert not checked.problems
    assert len(checked.remarks) == 2


def test_each_camera_has_its_own_parameters() -> None:
    given = {"camera_names": ["wrist"], "cameras.wrist.transport": "compressed"}
    values = checked_parameters(POLICY, given).require()

    assert values.text("cameras.wrist.transport") == "compressed"
    assert values.text("cameras.wrist.feature") == ""


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("cameras.mian.feature", "x", "cameras.mian: 'mian' is not in camera_names"),
        ("cameras.main.transport", "jpeg", "cameras.main.transport: must be one of"),
        ("camera_names", ["main", "main"], "camera_names: main given more than once"),
        ("camera_names", ["a/b"], "'a/b' cannot be part of a topic's name"),
        ("inference_rate", 0, "inference_rate: must be from 0.01 to 200 Hz, got 0.0"),
        ("mode", "Demo", "mode: must be one of real, demo, got 'Demo'"),
    ],
)
def test_a_camera_or_policy_value_that_cannot_work_is_named(
    name: str, value: object, words: str
) -> None:
    assert words in "; ".join(checked_parameters(POLICY, {name: value}).problems)
