"""One node commands one arm that listens, or none does in a dry run."""

from typing import Any

import numpy as np
import pytest
from pi0_ros.msg import SafetyReport
from rcl_interfaces.msg import Log
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile

from pi0_ros.ros import topics
from pi0_ros.ros.controller import ControllerNode
from pi0_ros.ros.entities import interface, profile
from pi0_ros.ros.managed_node import Phase
from pi0_ros.ros.mock_arm import MockArmNode

from .controller_rig import Rig, deafen, sway

BOTH = pytest.mark.parametrize(
    ("command_interface", "topic"),
    [
        ("joint_trajectory", topics.JOINT_TRAJECTORY),
        ("forward_position", topics.POSITION_COMMANDS),
    ],
)


def second(world: Any, topic: topics.Topic) -> Any:
    return world.helper.create_publisher(
        interface(topic.type), topic.name, profile(topic.published)
    )


def reset(rig: Rig) -> Any:
    """The answer of the first reset at rest."""

    def answered() -> Any:
        answer = rig.call(topics.RESET)
        braking = "still braking" in answer.message or "moves at" in answer.message
        return None if braking else answer

    return rig.world.until(answered, "the arm at rest")


@BOTH
def test_a_second_publisher_latches_and_is_named(
    world: Any, limits: dict[str, Any], command_interface: str, topic: topics.Topic
) -> None:
    rig = Rig(world, {**limits, "command_interface": command_interface})
    rig.send(sway())
    rig.wait_for_state(SafetyReport.STATE_RUN)

    intruder = second(world, topic)
    rig.wait_for_state(SafetyReport.STATE_LATCHED, f"/helper also publishes on {topic.name}")
    answer = reset(rig)
    assert not answer.success
    assert "/helper also publishes" in answer.message

    world.helper.destroy_publisher(intruder)
    world.until(lambda: rig.call(topics.RESET).success, "a reset without the second publisher")


def test_a_second_publisher_refuses_activation(world: Any, limits: dict[str, Any]) -> None:
    second(world, topics.JOINT_TRAJECTORY)
    world.start(MockArmNode, limits)
    node = world.start(ControllerNode, limits)
    node.trigger_configure()

    def refused() -> bool:
        node.trigger_activate()
        return "joint_states" not in node.refusal and "nobody" not in node.refusal

    world.until(refused, "everything else to be well")
    assert node.phase is Phase.INACTIVE
    assert node.refusal.startswith("/helper also publishes on joint_trajectory_controller/")


@BOTH
def test_without_a_subscriber_it_does_not_activate(
    world: Any, limits: dict[str, Any], command_interface: str, topic: topics.Topic
) -> None:
    arm = world.start(MockArmNode, limits)
    deafen(arm)
    node = world.start(ControllerNode, {**limits, "command_interface": command_interface})
    node.trigger_configure()

    def refused() -> bool:
        node.trigger_activate()
        return "joint_states" not in node.refusal

    world.until(refused, "joint states")
    assert node.phase is Phase.INACTIVE
    assert node.refusal.startswith(f"nobody subscribes to {topic.name}")
    assert "command_interface" in node.refusal


@BOTH
def test_a_subscriber_that_goes_away_latches(
    world: Any, limits: dict[str, Any], command_interface: str, topic: topics.Topic
) -> None:
    parameters = {**limits, "command_interface": command_interface}
    rig = Rig(world, parameters, hear_commands=False)
    # Nothing to follow, so that the arm that no longer listens is not off its plan.
    deafen(rig.arm)

    rig.wait_for_state(SafetyReport.STATE_LATCHED, f"nobody subscribes to {topic.name}")
    assert "nobody subscribes" in reset(rig).message

    world.hear(topic)
    world.until(lambda: rig.call(topics.RESET).success, "a reset with a subscriber")


@BOTH
def test_an_arm_whose_controller_comes_back_stays_where_it_is_until_the_reset(
    world: Any, limits: dict[str, Any], command_interface: str, topic: topics.Topic
) -> None:
    rig = Rig(world, {**limits, "command_interface": command_interface})
    rig.send(sway(rows=60, reach=0.5))
    rig.wait_for_state(SafetyReport.STATE_RUN)
    assert rig.arm.set_parameters([Parameter("fault", value="inert")])[0].successful
    rig.wait_for_state(SafetyReport.STATE_LATCHED, "from its command")
    heard = rig.trajectories if command_interface == "joint_trajectory" else rig.positions
    silent_since = len(heard)

    def silent() -> bool:
        """Whether nothing was sent for 30 joint states, which is 15 ticks."""
        nonlocal silent_since, seen
        if len(heard) > silent_since:
            silent_since, seen = len(heard), len(rig.states)
        return len(rig.states) > seen + 30

    seen = len(rig.states)
    world.until(silent, "the end of the braking")
    stands = rig.states[-1].position
    assert rig.arm.set_parameters([Parameter("fault", value="")])[0].successful
    seen = len(rig.states)
    world.until(silent, "states without the fault")
    assert np.abs(np.subtract(rig.states[-1].position, stands)).max() < 1e-6

    assert reset(rig).success
    world.until(lambda: len(heard) > silent_since, "commands again")
    rig.send(np.tile(rig.states[-1].position, (30, 1)))
    rig.wait_for_state(SafetyReport.STATE_RUN)


def test_a_dry_run_runs_and_sends_nothing_and_shares_the_topic(
    world: Any, limits: dict[str, Any]
) -> None:
    said: list[Log] = []
    latched = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    world.helper.create_subscription(Log, "/rosout", said.append, latched)
    second(world, topics.JOINT_TRAJECTORY)
    rig = Rig(world, {**limits, "dry_run": True})
    diagnostics = world.hear(topics.DIAGNOSTICS)

    # Longer than the watch over the topic would take.
    rig.send(sway(rows=45, reach=0.4))
    rig.wait_for_state(SafetyReport.STATE_RUN)
    ended = rig.wait_for_state(SafetyReport.STATE_HOLD)

    assert ended.dry_run
    assert ended.peak_velocity[5] > 0.1
    assert not rig.trajectories
    publishers = world.helper.get_publishers_info_by_topic(topics.JOINT_TRAJECTORY.name)
    assert [entry.node_name for entry in publishers] == ["helper"]
    assert np.ptp([state.position for state in rig.states], axis=0).max() < 1e-6
    assert all(report.state != SafetyReport.STATE_LATCHED for report in rig.reports)
    world.until(lambda: any("DRY RUN" in entry.msg for entry in said), "the warning in the log")
    world.until(
        lambda: any(
            status.message.startswith("DRY RUN") for entry in diagnostics for status in entry.status
        ),
        "the dry run in the diagnostics",
    )


def test_what_is_sent_is_not_reported_as_a_dry_run(world: Any, limits: dict[str, Any]) -> None:
    rig = Rig(world, limits)
    rig.world.until(lambda: rig.reports and rig.trajectories, "reports and commands")
    assert not any(report.dry_run for report in rig.reports)
