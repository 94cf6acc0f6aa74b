"""An arm's controller that its manager says is not active is not moved, and latches."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pi0_ros.msg import SafetyReport
from rcl_interfaces.msg import Log
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.task import Future

from pi0_ros.ros import controller_manager_watch, topics
from pi0_ros.ros.controller import ControllerNode
from pi0_ros.ros.controller_manager_watch import ControllerManagerWatch
from pi0_ros.ros.managed_node import Phase
from pi0_ros.ros.mock_arm import MockArmNode

from .controller_rig import Rig, sway

JTC, FORWARD = "joint_trajectory_controller", "forward_position_controller"
SERVICE = "/controller_manager/list_controllers"
BOTH = pytest.mark.parametrize(
    ("command_interface", "controller"), [("joint_trajectory", JTC), ("forward_position", FORWARD)]
)


class Manager:
    """Stands in for the client of a controller manager, whose messages have no wheels.

    Attributes:
        states: of the controllers it lists, by name.
        service: who it was made to ask; empty where it was not made.
    """

    srv_type = SimpleNamespace(Request=SimpleNamespace)

    def __init__(self) -> None:
        self.states = {"joint_state_broadcaster": "active", JTC: "active", FORWARD: "active"}
        self.service = ""
        self.reachable = True
        self.answering = True
        self.open: list[Future] = []

    def service_is_ready(self) -> bool:
        return self.reachable

    def call_async(self, _request: Any) -> Future:
        self.open.append(Future())
        asked = self.open[-1]
        if self.answering:
            self.answer()
        return asked

    def remove_pending_request(self, asked: Future) -> None:
        self.open.remove(asked)

    def answer(self) -> None:
        listed = [SimpleNamespace(name=name, state=state) for name, state in self.states.items()]
        for asked in self.open:
            asked.set_result(SimpleNamespace(controller=listed))
        self.open = []


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Manager:
    made = Manager()

    def client(_node: Any, service: str) -> Manager:
        made.service = service
        return made

    monkeypatch.setattr(controller_manager_watch, "list_controllers_client", client)
    return made


@pytest.fixture
def said(world: Any) -> list[str]:
    """Every line of the log."""
    lines: list[str] = []
    latched = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)

    def take(entry: Log) -> None:
        lines.append(entry.msg)

    world.helper.create_subscription(Log, "/rosout", take, latched)
    return lines


def waiting(world: Any, parameters: dict[str, Any], words: str) -> ControllerNode:
    """A controller that is not activated, for a reason with `words`."""
    world.start(MockArmNode, parameters)
    node = world.start(ControllerNode, parameters)
    node.trigger_configure()

    def refused() -> bool:
        node.trigger_activate()
        assert node.phase is Phase.INACTIVE, node.refusal
        return "joint_states" not in node.refusal and words in node.refusal

    world.until(refused, f"a refusal with {words!r}")
    return node


def activated(world: Any, node: ControllerNode) -> None:
    def active() -> bool:
        node.trigger_activate()
        return node.phase is Phase.ACTIVE

    world.until(active, "activation")


def reset(rig: Rig, done: Callable[[Any], bool]) -> Any:
    """The first answer that is as wanted."""
    return rig.world.until(
        lambda: next((reply for reply in [rig.call(topics.RESET)] if done(reply)), None), "a reset"
    )


def test_an_answer_is_judged_when_it_comes(manager: Manager) -> None:
    vetoes: dict[str, str] = {}
    node: Any = SimpleNamespace(phase=Phase.ACTIVE)
    watch = ControllerManagerWatch(
        node, f"/{JTC}/joint_trajectory", "controller_manager", vetoes.__setitem__, lambda *_: None
    )
    manager.answering = False
    watch.look()
    assert vetoes == {SERVICE: ""}
    manager.states[JTC] = "inactive"
    manager.answer()
    assert vetoes[SERVICE].startswith(f"/{JTC} is inactive")


@BOTH
def test_an_inactive_one_refuses_activation_and_names_the_command_that_mends_it(
    world: Any, limits: dict[str, Any], manager: Manager, command_interface: str, controller: str
) -> None:
    manager.states[controller] = "inactive"
    node = waiting(world, {**limits, "command_interface": command_interface}, controller)
    assert node.refusal == (
        f"/{controller} is inactive and ignores commands: activate it "
        f"(ros2 control switch_controllers --activate {controller})"
    )
    assert manager.service == SERVICE

    manager.states[controller] = "active"
    activated(world, node)


@BOTH
def test_one_that_is_deactivated_in_motion_latches_until_it_is_active_and_reset(
    world: Any, limits: dict[str, Any], manager: Manager, command_interface: str, controller: str
) -> None:
    rig = Rig(world, {**limits, "command_interface": command_interface})
    rig.send(sway(rows=60))
    rig.wait_for_state(SafetyReport.STATE_RUN)

    rig.arm.set_parameters([Parameter("fault", value="inert")])
    manager.states[controller] = "inactive"
    rig.wait_for_state(SafetyReport.STATE_LATCHED, f"/{controller} is inactive")
    answer = reset(rig, lambda reply: "braking" not in reply.message)
    assert not answer.success
    assert answer.message.startswith(f"/{controller} is inactive")

    rig.arm.set_parameters([Parameter("fault", value="")])
    manager.states[controller] = "active"
    reset(rig, lambda reply: reply.success)
    rig.send(np.tile(rig.states[-1].position, (30, 1)))
    rig.wait_for_state(SafetyReport.STATE_RUN)


@pytest.mark.parametrize(
    ("reachable", "why"),
    [
        pytest.param(True, f"{SERVICE} does not list it", id="not listed"),
        pytest.param(False, f"nobody answers {SERVICE}", id="nobody to ask"),
    ],
)
def test_one_that_nobody_knows_of_is_believed_and_that_is_said_once(
    world: Any,
    limits: dict[str, Any],
    manager: Manager,
    said: list[str],
    reachable: bool,
    why: str,
) -> None:
    del manager.states[JTC]
    manager.reachable = reachable
    rig = Rig(world, limits)
    words = f"{why}: whether /{JTC} is active is not verified"
    world.until(lambda: words in said, "the log")
    rig.send(sway())
    rig.wait_for_state(SafetyReport.STATE_RUN)
    assert said.count(words) == 1


def test_without_the_managers_messages_it_is_believed_and_that_is_said_once(
    world: Any, limits: dict[str, Any], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(controller_manager_watch, "interface", absent)
    rig = Rig(world, limits)
    words = f"controller_manager_msgs is not installed: whether /{JTC} is active is not verified"
    world.until(lambda: words in said, "the log")
    rig.send(sway())
    rig.wait_for_state(SafetyReport.STATE_RUN)
    assert said.count(words) == 1


def test_one_that_does_not_answer_refuses_activation(
    world: Any, limits: dict[str, Any], manager: Manager
) -> None:
    manager.answering = False
    node = waiting(world, limits, f"{SERVICE}: no answer within 1 s")
    # The question that was given up is no longer open.
    assert len(manager.open) == 1
    manager.answer()
    manager.answering = True
    activated(world, node)


def test_one_that_falls_silent_in_motion_holds_and_goes_on_when_it_answers(
    world: Any, limits: dict[str, Any], manager: Manager
) -> None:
    rig = Rig(world, limits)
    rig.send(sway(rows=120))
    rig.wait_for_state(SafetyReport.STATE_RUN)
    manager.answering = False
    rig.wait_for_state(SafetyReport.STATE_HOLD, f"{SERVICE}: no answer within 2 s")
    manager.answering = True
    manager.answer()
    rig.wait_for_state(SafetyReport.STATE_HOLD, "waiting for a chunk")
    rig.send(np.tile(rig.states[-1].position, (30, 1)))
    rig.wait_for_state(SafetyReport.STATE_RUN)
    assert all(report.state != SafetyReport.STATE_LATCHED for report in rig.reports)


@pytest.mark.parametrize(
    ("given", "service"),
    [
        ("controller_manager", "/left/controller_manager/list_controllers"),
        ("/manager", "/manager/list_controllers"),
    ],
)
def test_the_manager_is_beside_the_controller_unless_its_name_is_absolute(
    world: Any, limits: dict[str, Any], manager: Manager, given: str, service: str
) -> None:
    parameters = {**limits, "controller_manager": given}
    node = world.start(ControllerNode, parameters, namespace="left")
    node.trigger_configure()
    assert manager.service == service


def test_a_remapped_command_topic_names_the_controller_that_is_asked_about(
    world: Any, limits: dict[str, Any], manager: Manager
) -> None:
    remap = f"{topics.JOINT_TRAJECTORY.name}:=/arm/scaled_controller/joint_trajectory"
    node = world.start(ControllerNode, limits, cli_args=["--ros-args", "-r", remap])
    manager.states["scaled_controller"] = "inactive"
    node.trigger_configure()
    assert manager.service == "/arm/controller_manager/list_controllers"

    def refused() -> bool:
        node.trigger_activate()
        return "/arm/scaled_controller is inactive" in node.refusal

    world.until(refused, "a refusal with the controller's name")


def test_a_name_that_is_none_fails_the_configuration(
    world: Any, limits: dict[str, Any], manager: Manager
) -> None:
    node = world.start(ControllerNode, {**limits, "controller_manager": "my manager"})
    node.trigger_configure()
    assert node.phase is Phase.UNCONFIGURED
    assert node.refusal.startswith("controller_manager: expected a node's name")


def test_a_dry_run_asks_nobody(world: Any, limits: dict[str, Any], manager: Manager) -> None:
    node = world.start(ControllerNode, {**limits, "dry_run": True})
    node.trigger_configure()
    assert manager.service == ""
