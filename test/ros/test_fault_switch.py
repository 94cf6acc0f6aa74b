"""Mocks misbehave while they are told to, say so when it has an effect, and refuse nonsense."""

from typing import Any

import numpy as np
import pytest
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.ros import topics
from pi0_ros.ros.fault_parameter import ARM_FAULTS, parsed_fault
from pi0_ros.ros.mock_arm import MockArmNode

from .controller_rig import Rig, sway

TARGETS = ("joint_1", "joint_6")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("", "")),
        ("stuck", ("stuck", "joint_6")),
        ("stuck joint_1", ("stuck", "joint_1")),
    ],
)
def test_a_fault_has_a_kind_and_a_target(text: str, expected: tuple[str, str]) -> None:
    assert parsed_fault(text, ARM_FAULTS, TARGETS) == expected


@pytest.mark.parametrize("text", ["broken", "stuck joint_9", " stuck"])
def test_nonsense_is_an_error_that_says_what_there_is(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"expected one of (silent|joint_1)"):
        parsed_fault(text, ARM_FAULTS, TARGETS)


@pytest.fixture
def arm(world: Any, limits: dict[str, Any]) -> MockArmNode:
    node: MockArmNode = world.start(MockArmNode, limits)
    return node


def set_fault(world: Any, text: str) -> Any:
    value = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=text)
    request = SetParameters.Request(parameters=[Parameter(name="fault", value=value)])
    kind = "rcl_interfaces/srv/SetParameters"
    return world.call(kind, "mock_arm/set_parameters", request).results[0]


def test_it_is_announced_with_its_first_effect_and_with_its_end(
    world: Any, arm: MockArmNode
) -> None:
    events, states = world.hear(topics.INJECTED_FAULTS), world.hear(topics.JOINT_STATES)
    world.until(lambda: states, "joint states")
    assert set_fault(world, "not_a_number joint_2").successful
    world.until(lambda: events, "the announcement")
    assert (events[0].node, events[0].fault, events[0].target) == (
        "mock_arm",
        "not_a_number",
        "joint_2",
    )
    bad = world.until(
        lambda: [s for s in states if np.isnan(s.position).any()], "a joint state with NaN"
    )[0]
    assert np.isnan(bad.position).tolist() == [False, True, False, False, False, False]
    assert set_fault(world, "").successful
    world.until(lambda: len(events) == 2, "the announcement of the end")
    assert events[1].fault == ""
    since = len(states)
    world.until(lambda: len(states) > since + 5, "more joint states")
    assert not np.isnan([s.position for s in states[since + 1 :]]).any()


def test_nonsense_is_refused_and_changes_nothing(world: Any, arm: MockArmNode) -> None:
    answer = set_fault(world, "on fire")
    assert not answer.successful
    assert "expected one of silent" in answer.reason


def test_a_stuck_joint_stays_and_the_others_go_on(world: Any, limits: dict[str, Any]) -> None:
    rig = Rig(world, limits)
    assert set_fault(world, "stuck joint_6").successful
    start = list(rig.states[-1].position)
    rig.send(sway(reach=0.15))
    moved = world.until(
        lambda: [s for s in rig.states if abs(s.position[0] - start[0]) > 0.05], "motion"
    )[0]
    assert moved.position[5] == pytest.approx(start[5], abs=1e-6)


def test_a_deaf_arm_has_no_subscription_until_it_hears_again(world: Any, arm: MockArmNode) -> None:
    ear = world.publisher(topics.JOINT_TRAJECTORY)
    assert set_fault(world, "deaf").successful
    world.until(lambda: ear.get_subscription_count() == 0, "a deaf arm")
    assert set_fault(world, "").successful
    world.until(lambda: ear.get_subscription_count() == 1, "an arm that hears")
