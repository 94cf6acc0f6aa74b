"""The arm's controller is asked how it is set, and what it says is compared with the claim."""

from typing import Any

import pytest
from pi0_ros.msg import SafetyReport
from rcl_interfaces.msg import Log
from rcl_interfaces.srv import GetParameters
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile

from pi0_ros.ros.controller import ControllerNode
from pi0_ros.ros.managed_node import Phase
from pi0_ros.ros.mock_arm import MockArmNode

from .controller_rig import Rig

SETTING = "interpolate_from_desired_state"
REPLACEMENT = "allow_trajectory_replacement"


class ArmController(Node):
    """What is seen of a joint_trajectory_controller when it is asked for its parameters."""

    def __init__(self, parameter_overrides: list[Any], **kwargs: Any) -> None:
        super().__init__("joint_trajectory_controller", **kwargs)
        for parameter in parameter_overrides:
            self.declare_parameter(parameter.name, parameter.value)

    def close(self) -> None:
        pass


class Silent(Node):
    """A controller whose parameter service never answers."""

    def __init__(self, parameter_overrides: list[Any], **kwargs: Any) -> None:
        super().__init__("unheard", **kwargs)
        self.asked: list[str] = []
        name = "joint_trajectory_controller/get_parameters"
        service = self.create_service(GetParameters, name, self._take)
        service.send_response = lambda _response, _header: None

    def _take(self, request: GetParameters.Request, response: Any) -> Any:
        self.asked += request.names
        return response

    def close(self) -> None:
        pass


def _refused(world: Any, node: ControllerNode, words: str) -> None:
    def refused() -> bool:
        node.trigger_activate()
        assert node.phase is Phase.INACTIVE, node.refusal
        return words in node.refusal

    world.until(refused, f"a refusal with {words!r}")


@pytest.mark.parametrize(("claimed", "set_to"), [(True, False), (False, True)])
def test_a_wrong_claim_refuses_activation_and_names_both(
    world: Any, limits: dict[str, Any], claimed: bool, set_to: bool
) -> None:
    world.start(ArmController, {SETTING: set_to})
    node = world.start(ControllerNode, {**limits, SETTING: claimed})
    node.trigger_configure()
    _refused(world, node, f"/joint_trajectory_controller: its parameter {SETTING} is ")
    assert f"pi0_controller's parameter {SETTING} says {str(claimed).lower()}" in node.refusal


def test_a_right_claim_activates(world: Any, limits: dict[str, Any]) -> None:
    world.start(ArmController, {SETTING: False, REPLACEMENT: False})
    rig = Rig(world, {**limits, SETTING: False})
    assert rig.node.phase is Phase.ACTIVE


def test_a_controller_that_delays_trajectories_refuses_activation(
    world: Any, limits: dict[str, Any]
) -> None:
    world.start(ArmController, {SETTING: True, REPLACEMENT: True})
    node = world.start(ControllerNode, limits)
    node.trigger_configure()
    _refused(world, node, f"its parameter {REPLACEMENT} is true, expected false")


def test_a_controller_that_comes_later_and_is_set_otherwise_latches(
    world: Any, limits: dict[str, Any]
) -> None:
    rig = Rig(world, limits)
    world.start(ArmController, {SETTING: False})
    rig.wait_for_state(SafetyReport.STATE_LATCHED, f"its parameter {SETTING} is false")


def test_one_that_does_not_answer_refuses_activation_and_is_asked_again(
    world: Any, limits: dict[str, Any]
) -> None:
    silent = world.start(Silent, {})
    node = world.start(ControllerNode, limits)
    node.trigger_configure()
    _refused(world, node, "no answer yet")
    _refused(world, node, "no answer within 1 s")
    world.until(lambda: silent.asked.count(SETTING) > 1, "another question")


def test_where_nobody_can_be_asked_it_says_so_once_and_goes_on(
    world: Any, limits: dict[str, Any]
) -> None:
    said: list[Log] = []
    latched = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    world.helper.create_subscription(Log, "/rosout", said.append, latched)
    node = world.start(ControllerNode, limits)
    node.trigger_configure()
    world.start(MockArmNode, limits)

    def active() -> bool:
        node.trigger_activate()
        return node.phase is Phase.ACTIVE

    world.until(active, "activation")
    words = "nobody answers /joint_trajectory_controller/get_parameters"
    world.until(lambda: any(entry.msg == "active" for entry in said), "the log")
    assert sum(words in entry.msg for entry in said) == 1


def test_a_dry_run_and_position_commands_ask_nobody(world: Any, limits: dict[str, Any]) -> None:
    world.start(ArmController, {SETTING: False})
    for changes in ({"dry_run": True}, {"command_interface": "forward_position"}):
        node = world.start(ControllerNode, {**limits, **changes})
        node.trigger_configure()
        assert not [client for client in node.clients if "get_parameters" in client.srv_name]
        node.trigger_cleanup()
