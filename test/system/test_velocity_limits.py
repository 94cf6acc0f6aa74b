"""The speed limits of all joints, checked against processes started here."""

import pytest
from contracts import topic_contracts, velocity_limits
from contracts.recording import Recording
from system.harness import RunningDemo


@pytest.fixture(scope="module")
def circle(demo: RunningDemo) -> Recording:
    return demo.first


def test_no_command_breaks_a_limit_of_any_joint(circle: Recording) -> None:
    velocity_limits.check_commands(circle)


def test_joint_6_keeps_its_speed_limit(circle: Recording) -> None:
    velocity_limits.check_command_speed_of("joint_6", circle)
    velocity_limits.check_measured_speed_of("joint_6", circle)


@pytest.mark.parametrize("joint", topic_contracts.JOINTS)
def test_every_joint_keeps_its_speed_limit(circle: Recording, joint: str) -> None:
    velocity_limits.check_command_speed_of(joint, circle)
    velocity_limits.check_measured_speed_of(joint, circle)


def test_limits_in_force_are_those_of_the_parameter_file(circle: Recording) -> None:
    velocity_limits.check_reported_limits(circle)
