"""Transitions: refused with a reason, never silently, and none ends the process by accident."""

from typing import Any

import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState

from pi0_ros.core.errors import ConfigurationError
from pi0_ros.ros.autostart import autostart_if_wanted
from pi0_ros.ros.managed_node import ManagedNode, Phase
from pi0_ros.ros.shared_parameters import AUTOSTART


class Example(ManagedNode):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__("example", (AUTOSTART,), **kwargs)
        self.calls: list[str] = []
        self.refuse_configure: Exception | None = None
        self.refuse_activate: list[Exception] = []
        self.autostart = autostart_if_wanted(self)

    def configure(self) -> None:
        self.calls.append("configure")
        if self.refuse_configure is not None:
            raise self.refuse_configure

    def activate(self) -> None:
        self.calls.append("activate")
        if self.refuse_activate:
            raise self.refuse_activate.pop()

    def deactivate(self) -> None:
        self.calls.append("deactivate")

    def clean_up(self) -> None:
        self.calls.append("clean up")


def change(world: Any, transition: int) -> bool:
    request = ChangeState.Request()
    request.transition.id = transition
    answer = world.call("lifecycle_msgs/srv/ChangeState", "example/change_state", request)
    return bool(answer.success)


def state(world: Any) -> str:
    answer = world.call("lifecycle_msgs/srv/GetState", "example/get_state")
    return str(answer.current_state.label)


def test_a_whole_life(world: Any) -> None:
    node = world.start(Example, {})

    assert change(world, Transition.TRANSITION_CONFIGURE)
    assert change(world, Transition.TRANSITION_ACTIVATE)
    assert state(world) == "active"
    assert change(world, Transition.TRANSITION_DEACTIVATE)
    assert change(world, Transition.TRANSITION_CLEANUP)
    assert node.calls == ["configure", "activate", "deactivate", "clean up"]


def test_shutdown_from_active_stops_everything(world: Any) -> None:
    node = world.start(Example, {})
    change(world, Transition.TRANSITION_CONFIGURE)
    change(world, Transition.TRANSITION_ACTIVATE)

    assert change(world, Transition.TRANSITION_ACTIVE_SHUTDOWN)
    assert node.calls[-2:] == ["deactivate", "clean up"]
    assert state(world) == "finalized"


def test_an_impossible_transition_is_answered_no(world: Any) -> None:
    world.start(Example, {})

    assert not change(world, Transition.TRANSITION_ACTIVATE)
    assert not change(world, 77)
    assert state(world) == "unconfigured"


def test_a_refusal_leaves_the_state_and_the_reason(world: Any) -> None:
    node = world.start(Example, {})
    node.refuse_configure = ConfigurationError("control_rate: must be above 0")

    assert not change(world, Transition.TRANSITION_CONFIGURE)
    assert state(world) == "unconfigured"
    assert node.refusal == "control_rate: must be above 0"
    assert node.calls == ["configure", "clean up"]
    assert not node.ended.done()


def test_a_defect_ends_the_node_with_its_exception(world: Any) -> None:
    node = world.start(Example, {})
    node.refuse_configure = ZeroDivisionError("a mistake")

    assert not change(world, Transition.TRANSITION_CONFIGURE)
    assert isinstance(node.ended.exception(), ZeroDivisionError)


def test_autostart_tries_to_activate_until_it_works(world: Any) -> None:
    node = world.start(Example, {"autostart": True})
    node.refuse_activate = [ConfigurationError("not yet")]

    world.until(lambda: node.phase is Phase.ACTIVE, "the node to be active")
    assert node.calls == ["configure", "activate", "activate"]


def test_autostart_ends_the_node_when_it_cannot_be_configured(world: Any) -> None:
    node = world.start(Example, {"autostart": True})
    node.refuse_configure = ConfigurationError("joint_limits.joint_6 is missing")

    world.until(node.ended.done, "the end")
    with pytest.raises(ConfigurationError, match="joint_6 is missing"):
        raise node.ended.exception()


def test_autostart_leaves_a_node_alone_that_was_taken_back(world: Any) -> None:
    node = world.start(Example, {"autostart": True})
    node.refuse_activate = [ConfigurationError("not yet")] * 1000
    world.until(lambda: "activate" in node.calls, "a first attempt")

    assert change(world, Transition.TRANSITION_CLEANUP)
    calls = len(node.calls)
    assert change(world, Transition.TRANSITION_CONFIGURE)
    assert node.phase is Phase.INACTIVE
    assert node.calls[calls:] == ["configure"]
