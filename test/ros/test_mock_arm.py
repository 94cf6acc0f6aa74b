"""The mocked arm as its topics show it."""

from typing import Any

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.ros import topics
from pi0_ros.ros.conversions import duration_message
from pi0_ros.ros.mock_arm import MockArmNode
from pi0_ros.sim.demo_arm import HOME, JOINT_NAMES


def to(positions: list[float], names: tuple[str, ...] = JOINT_NAMES) -> JointTrajectory:
    point = JointTrajectoryPoint(positions=positions, time_from_start=duration_message(200_000_000))
    return JointTrajectory(joint_names=list(names), points=[point])


def test_it_starts_at_home_and_tells_names_positions_and_velocities(
    world: Any, limits: dict[str, Any], home: list[float]
) -> None:
    states = world.hear(topics.JOINT_STATES)
    world.start(MockArmNode, limits)

    world.until(lambda: len(states) > 5, "joint states")
    assert list(states[0].name) == list(JOINT_NAMES)
    assert list(states[0].position) == pytest.approx(home)
    assert len(states[0].velocity) == 6
    stamps = [(state.header.stamp.sec, state.header.stamp.nanosec) for state in states]
    assert stamps == sorted(set(stamps))


def test_it_follows_a_trajectory(world: Any, limits: dict[str, Any], home: list[float]) -> None:
    states = world.hear(topics.JOINT_STATES)
    world.start(MockArmNode, limits)
    goal = [value + 0.1 for value in home]

    # In another order than the arm's, as any client may send it.
    world.publisher(topics.JOINT_TRAJECTORY).publish(to(goal[::-1], JOINT_NAMES[::-1]))

    world.until(
        lambda: states and list(states[-1].position) == pytest.approx(goal, abs=0.002),
        "the arm at its goal",
    )


def test_it_follows_position_commands(world: Any, limits: dict[str, Any]) -> None:
    states = world.hear(topics.JOINT_STATES)
    world.start(MockArmNode, limits)
    goal = (HOME + 0.05).tolist()

    world.publisher(topics.POSITION_COMMANDS).publish(Float64MultiArray(data=goal))

    world.until(
        lambda: states and list(states[-1].position) == pytest.approx(goal, abs=0.002),
        "the arm at its goal",
    )


def test_it_refuses_a_malformed_command_aloud(
    world: Any, limits: dict[str, Any], home: list[float]
) -> None:
    diagnostics = world.hear(topics.DIAGNOSTICS)
    states = world.hear(topics.JOINT_STATES)
    world.start(MockArmNode, limits)
    world.publisher(topics.JOINT_TRAJECTORY).publish(to([*home[:5], float("nan")]))

    def alarms() -> list[DiagnosticStatus]:
        statuses = [message.status[0] for message in diagnostics]
        return [status for status in statuses if status.level == DiagnosticStatus.ERROR]

    alarm = world.until(alarms, "an alarm")[0]
    assert "joint_6 is nan" in alarm.message
    assert any("not finite" in value.key and value.value == "1" for value in alarm.values)
    assert list(states[-1].position) == pytest.approx(home)


def test_an_inert_one_stays_subscribed_and_where_it_is(
    world: Any, limits: dict[str, Any], home: list[float]
) -> None:
    states = world.hear(topics.JOINT_STATES)
    arm = world.start(MockArmNode, {**limits, "fault": "inert"})
    commands = world.publisher(topics.JOINT_TRAJECTORY)
    world.until(lambda: states, "joint states")
    commands.publish(to([value + 0.1 for value in home]))
    # Longer than the way would have taken.
    seen = len(states)
    world.until(lambda: len(states) > seen + 50, "more joint states")
    assert list(states[-1].position) == pytest.approx(home)

    assert arm.set_parameters(overrides({"fault": ""}))[0].successful
    seen = len(states)
    world.until(lambda: len(states) > seen + 5, "joint states without the fault")
    goal = [value + 0.1 for value in home]
    commands.publish(to(goal))
    world.until(
        lambda: list(states[-1].position) == pytest.approx(goal, abs=0.002), "the arm at its goal"
    )


def test_other_joints_need_their_own_start(world: Any, limits: dict[str, Any]) -> None:
    renamed = {name.replace("joint_6", "tool"): value for name, value in limits.items()}
    names = [*JOINT_NAMES[:5], "tool"]

    with pytest.raises(ConfigurationError, match="initial_positions"):
        MockArmNode(
            context=world.context,
            use_global_arguments=False,
            parameter_overrides=overrides({**renamed, "joint_names": names}),
        )


def overrides(values: dict[str, Any]) -> list[Any]:
    from rclpy.parameter import Parameter

    return [Parameter(name, value=value) for name, value in values.items()]
