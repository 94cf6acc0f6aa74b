"""However the controller ends in motion, what it sent last leaves an arm at rest within limits."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pi0_ros.msg import SafetyReport
from std_msgs.msg import Float64MultiArray

from pi0_ros.core.chunk import ActionChunk
from pi0_ros.ros import topics
from pi0_ros.ros.controller import ControllerNode
from pi0_ros.ros.conversions import chunk_message
from pi0_ros.ros.entities import interface, profile
from pi0_ros.ros.managed_node import Phase
from pi0_ros.ros.mock_arm import MockArmNode
from pi0_ros.sim.demo_arm import HOME, JOINT_NAMES, LIMITS

from .controller_rig import STEP_NS, Rig, sway

TICK_S = 0.02
FAST_RAD_S = 1.2
POSITIONS = {"command_interface": "forward_position"}


def sprint() -> np.ndarray:
    """joint_6 at 1.5 rad/s for two seconds."""
    rows = np.tile(HOME, (60, 1))
    rows[:, 5] += np.linspace(0.0, 3.0, 60)
    return rows


class Ear:
    """Keeps every position that is sent, also while nobody spins."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.heard: list[Float64MultiArray] = []
        topic = topics.POSITION_COMMANDS
        world.helper.create_subscription(
            interface(topic.type),
            topic.name,
            self.heard.append,
            profile(replace(topic.subscribed, depth=500)),
        )

    @property
    def speed(self) -> float:
        """The newest of joint_6, rad/s."""
        two = [message.data[5] for message in self.heard[-2:]]
        return abs(two[-1] - two[0]) / TICK_S if two else 0.0

    def whole(self) -> np.ndarray:
        """All positions, once the last one has come."""
        sentinel = self.world.publisher(topics.POSITION_COMMANDS)
        sentinel.publish(Float64MultiArray())
        self.world.until(lambda: not self.heard[-1].data, "the sentinel")
        return np.array([message.data for message in self.heard[:-1]])


def assert_brakes_to_rest(rows: np.ndarray) -> None:
    moved = np.diff(rows, axis=0)
    assert np.abs(moved[:, 5]).max() > FAST_RAD_S * TICK_S
    # After the last one an arm's controller stays there.
    moved = np.vstack([moved, np.zeros(6)])
    assert (np.abs(moved) <= LIMITS.velocity * TICK_S + 1e-9).all()
    assert (np.abs(np.diff(moved, axis=0)) <= LIMITS.acceleration * TICK_S**2 + 1e-9).all()
    # The chunk would have led on.
    assert rows[-1][5] < sprint()[-1][5] - 0.5


def deactivate(node: ControllerNode) -> None:
    node.trigger_deactivate()
    assert node.phase is Phase.INACTIVE


def shut_down(node: ControllerNode) -> None:
    node.trigger_shutdown()
    assert node.phase is Phase.FINALIZED


@pytest.mark.parametrize("end", [deactivate, shut_down, ControllerNode.close])
def test_single_positions_brake_to_rest(
    world: Any, limits: dict[str, Any], end: Callable[[ControllerNode], None]
) -> None:
    ear = Ear(world)
    rig = Rig(world, {**limits, **POSITIONS}, hear_commands=False)
    rig.send(sprint())
    world.until(lambda: ear.speed > FAST_RAD_S, "motion")

    end(rig.node)

    assert_brakes_to_rest(ear.whole())
    assert not rig.node.ended.done()


def test_a_latched_one_that_still_brakes_brakes_to_the_end(
    world: Any, limits: dict[str, Any]
) -> None:
    ear = Ear(world)
    rig = Rig(world, {**limits, **POSITIONS}, hear_commands=False)
    rig.send(sprint())
    world.until(lambda: ear.speed > FAST_RAD_S, "motion")

    assert rig.call(topics.HOLD).success
    rig.node.close()

    assert_brakes_to_rest(ear.whole())


def test_after_that_it_can_be_activated_and_moves(world: Any, limits: dict[str, Any]) -> None:
    rig = Rig(world, {**limits, **POSITIONS})
    rig.send(sway())
    rig.wait_for_state(SafetyReport.STATE_RUN)
    deactivate(rig.node)

    def active() -> bool:
        rig.node.trigger_activate()
        return rig.node.phase is Phase.ACTIVE

    world.until(active, "the controller to be active again")
    rig.send(np.tile(rig.states[-1].position, (30, 1)))
    rig.wait_for_state(SafetyReport.STATE_RUN)


def test_a_trajectory_brakes_by_itself(world: Any, limits: dict[str, Any]) -> None:
    rig = Rig(world, limits)
    rig.send(sprint())
    world.until(
        lambda: rig.reports[-1].velocity and rig.reports[-1].velocity[5] > FAST_RAD_S, "motion"
    )
    deactivate(rig.node)
    rig.wait_for_state(SafetyReport.STATE_INACTIVE)
    assert not any("braking" in report.reason for report in rig.reports)


@pytest.fixture
def controller(domain: int, robot_file: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [
            *(sys.executable, "-P", "-m", "pi0_ros.ros.controller_node"),
            *("--ros-args", "--params-file", str(robot_file)),
            *("-p", "command_interface:=forward_position", "-p", "autostart:=true"),
        ],
        env={**os.environ, "ROS_DOMAIN_ID": str(domain)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_and_more_of_them_end_the_process_at_rest(
    world: Any,
    limits: dict[str, Any],
    controller: subprocess.Popen[str],
    number: signal.Signals,
) -> None:
    """Under `ros2 launch` a Ctrl-C comes from the terminal and once more from launch."""
    ear = Ear(world)
    reports = world.hear(topics.SAFETY_REPORT)
    world.start(MockArmNode, limits)
    world.until(
        lambda: reports and reports[-1].state == SafetyReport.STATE_HOLD, "activation", 30.0
    )
    now_ns = world.helper.get_clock().now().nanoseconds
    chunk = ActionChunk(now_ns, STEP_NS, JOINT_NAMES, sprint(), 1, 1)
    world.publisher(topics.ACTION_CHUNK).publish(chunk_message(chunk, "do it", "stub", 0))
    world.until(lambda: ear.speed > FAST_RAD_S, "motion")

    controller.send_signal(number)
    world.until(lambda: "deactivated: braking" in reports[-1].reason, "braking")
    for _ in range(3):
        controller.send_signal(number)
    world.until(lambda: controller.poll() is not None, "its end")

    assert_brakes_to_rest(ear.whole())
    assert controller.returncode == 0
    assert controller.stdout is not None
    assert "in motion" not in controller.stdout.read()
