"""What an operator asks of a running controller: emergency stop, another speed."""

from typing import Any

import pytest
from pi0_ros.msg import SafetyReport
from rclpy.parameter import Parameter
from std_msgs.msg import Bool

from pi0_ros.ros import topics
from pi0_ros.ros.controller import ControllerNode
from pi0_ros.ros.managed_node import Phase
from pi0_ros.ros.mock_arm import MockArmNode

from .controller_rig import Rig, sway


@pytest.fixture
def rig(world: Any, limits: dict[str, Any]) -> Rig:
    return Rig(world, limits)


def test_estop_latches_until_it_is_released_and_reset(rig: Rig) -> None:
    button = rig.world.publisher(topics.ESTOP)
    rig.send(sway())
    rig.wait_for_state(SafetyReport.STATE_RUN)

    button.publish(Bool(data=True))
    # A false right behind it takes nothing back.
    button.publish(Bool(data=False))
    rig.wait_for_state(SafetyReport.STATE_LATCHED, "pi0_controller/estop")

    button.publish(Bool(data=True))

    def answer() -> Any:
        said = rig.call(topics.RESET)
        assert not said.success
        return "pi0_controller/estop says true" in said.message and said

    rig.world.until(answer, "a reset that is refused for the estop")

    button.publish(Bool(data=False))
    rig.world.until(lambda: rig.call(topics.RESET).success, "a reset after the release")
    rig.wait_for_state(SafetyReport.STATE_HOLD, "waiting for a chunk")


def test_estop_that_says_false_does_nothing(rig: Rig) -> None:
    button = rig.world.publisher(topics.ESTOP)
    button.publish(Bool(data=False))
    rig.send(sway())
    rig.wait_for_state(SafetyReport.STATE_RUN)
    assert all(report.state != SafetyReport.STATE_LATCHED for report in rig.reports)


def test_estop_pressed_before_the_configuration_refuses_activation(
    world: Any, limits: dict[str, Any]
) -> None:
    world.start(MockArmNode, limits)
    node = world.start(ControllerNode, limits)
    button = world.publisher(topics.ESTOP)
    button.publish(Bool(data=True))
    world.until(lambda: node.estop, "the button's message")
    assert node.phase is Phase.UNCONFIGURED
    node.trigger_configure()

    def refused() -> bool:
        node.trigger_activate()
        return node.refusal == "pi0_controller/estop says true"

    world.until(refused, "the estop to be all that refuses")
    button.publish(Bool(data=False))

    def active() -> bool:
        node.trigger_activate()
        return node.phase is Phase.ACTIVE

    world.until(active, "activation after the release")


def test_speed_scale_changes_in_motion_and_is_reported(rig: Rig) -> None:
    rig.send(sway(rows=60, reach=0.3))
    rig.wait_for_state(SafetyReport.STATE_RUN)
    full = rig.reports[-1].velocity_limit[5]

    assert rig.node.set_parameters([Parameter("speed_scale", value=0.4)])[0].successful
    scaled = rig.world.until(
        lambda: next((entry for entry in rig.reports if entry.speed_scale == 0.4), None),
        "the scale in a report",
    )
    assert scaled.state == SafetyReport.STATE_RUN
    assert scaled.slow_down >= 2.5
    assert scaled.velocity_limit[5] == pytest.approx(0.4 * full)
    # It went there step by step.
    assert any(0.4 < entry.speed_scale < 1.0 for entry in rig.reports)


@pytest.mark.parametrize("value", [0.0, -0.5, 1.5, float("nan")])
def test_an_impossible_speed_scale_is_refused(rig: Rig, value: float) -> None:
    assert not rig.node.set_parameters([Parameter("speed_scale", value=value)])[0].successful
    assert rig.node.get_parameter("speed_scale").value == 1.0


def test_speed_scale_set_before_and_beside_limits_is_taken(
    world: Any, limits: dict[str, Any]
) -> None:
    node = world.start(ControllerNode, {**limits, "speed_scale": 0.5})
    reports = world.hear(topics.SAFETY_REPORT)
    name = "joint_limits.joint_6.max_velocity"
    both = [Parameter("speed_scale", value=0.25), Parameter(name, value=1.0)]
    assert node.set_parameters_atomically(both).successful
    node.trigger_configure()

    world.until(
        lambda: (
            reports and (reports[-1].speed_scale, reports[-1].velocity_limit[5]) == (0.25, 0.25)
        ),
        "both in the report",
    )


def test_dry_run_cannot_be_switched_while_it_runs(rig: Rig) -> None:
    assert not rig.node.set_parameters([Parameter("dry_run", value=True)])[0].successful
