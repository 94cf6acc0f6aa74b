"""The policy asks the controller to hold or to latch, and the controller obeys."""

from typing import Any

import numpy as np
import pytest
from pi0_ros.msg import PolicyStatus, SafetyReport
from sensor_msgs.msg import JointState

from pi0_ros.core.errors import PolicyError, PolicyUnavailable
from pi0_ros.ros import topics
from pi0_ros.sim.demo_arm import HOME

from .controller_rig import Rig as ControllerRig
from .controller_rig import sway
from .policy_rig import Rig as PolicyRig
from .policy_rig import image, joint_state


@pytest.fixture
def policy(world: Any, stub: Any) -> PolicyRig:
    rig = PolicyRig(world, stub, {})
    rig.activate()
    demanded(rig, PolicyStatus.DEMAND_NONE)
    return rig


def demanded(rig: PolicyRig, demand: int, words: str = "") -> PolicyStatus:
    def found() -> Any:
        newest = rig.statuses[-1] if rig.statuses else None
        return newest if newest and newest.demand == demand and words in newest.reason else None

    return rig.until(found, f"demand {demand} {words!r}")


def test_a_lost_camera_asks_for_a_hold_until_it_is_back(policy: PolicyRig) -> None:
    feed = policy.feeds.pop("main")
    demanded(policy, PolicyStatus.DEMAND_HOLD, "camera/main: stale")
    policy.feeds["main"] = feed
    demanded(policy, PolicyStatus.DEMAND_NONE)


def test_a_frozen_camera_asks_for_a_latch(policy: PolicyRig) -> None:
    steps = iter(range(100_000))

    def move(stamp_ns: int) -> None:
        positions = (HOME + 0.03 * (next(steps) % 40)).tolist()
        policy.joints.publish(joint_state(stamp_ns, position=positions))

    def changing(stamp_ns: int) -> None:
        message = image(stamp_ns)
        message.data[next(steps) % 900_000] = 200
        policy.cameras["main"].publish(message)

    policy.feeds |= {"joints": move, "main": changing}
    status = demanded(policy, PolicyStatus.DEMAND_LATCH, "camera/side: frozen")
    assert "camera/main" not in status.reason


def test_a_policy_that_fails_twice_in_a_row_asks_for_a_latch_until_it_works(
    policy: PolicyRig,
) -> None:
    working = policy.stub.answers

    def fail(_observation: Any) -> Any:
        raise PolicyError("no luck")

    policy.stub.answers = fail
    demanded(policy, PolicyStatus.DEMAND_LATCH, "no luck")
    policy.stub.answers = working
    demanded(policy, PolicyStatus.DEMAND_NONE)


def test_a_policy_that_cannot_be_reached_asks_for_a_hold_until_it_can(policy: PolicyRig) -> None:
    working, demands = policy.stub.answers, len(policy.statuses)

    def away(_observation: Any) -> Any:
        raise PolicyUnavailable("gpu:8000: connection lost")

    policy.stub.answers = away
    demanded(policy, PolicyStatus.DEMAND_HOLD, "gpu:8000: connection lost")
    failures = len(policy.stub.seen)
    policy.until(lambda: len(policy.stub.seen) > failures + 5, "more failures")
    policy.stub.answers = working
    demanded(policy, PolicyStatus.DEMAND_NONE)
    asked = {status.demand for status in policy.statuses[demands:]}
    assert PolicyStatus.DEMAND_LATCH not in asked


def test_a_policy_that_comes_back_wrong_asks_for_a_latch(policy: PolicyRig) -> None:
    def away(_observation: Any) -> Any:
        raise PolicyUnavailable("gpu:8000: connection lost")

    def wrong(_observation: Any) -> Any:
        raise PolicyError("another policy")

    policy.stub.answers = away
    demanded(policy, PolicyStatus.DEMAND_HOLD, "connection lost")
    policy.stub.answers = wrong
    demanded(policy, PolicyStatus.DEMAND_LATCH, "another policy")


def test_a_frozen_camera_asks_for_a_latch_though_the_policy_is_away(policy: PolicyRig) -> None:
    def away(_observation: Any) -> Any:
        raise PolicyUnavailable("gpu:8000: connection lost")

    policy.stub.answers = away
    demanded(policy, PolicyStatus.DEMAND_HOLD, "connection lost")
    steps = iter(range(100_000))
    policy.feeds["joints"] = lambda stamp_ns: policy.joints.publish(
        joint_state(stamp_ns, position=(HOME + 0.03 * (next(steps) % 40)).tolist())
    )
    demanded(policy, PolicyStatus.DEMAND_LATCH, "frozen")


def test_an_inactive_policy_asks_for_nothing(policy: PolicyRig) -> None:
    policy.feeds.clear()
    demanded(policy, PolicyStatus.DEMAND_HOLD)
    policy.node.trigger_deactivate()
    demanded(policy, PolicyStatus.DEMAND_NONE)


def test_a_camera_whose_frame_changes_is_refused(policy: PolicyRig) -> None:
    def swapped(stamp_ns: int) -> None:
        message = image(stamp_ns)
        message.header.frame_id = "camera_side_optical_frame"
        policy.cameras["main"].publish(message)

    policy.feeds["main"] = swapped
    demanded(policy, PolicyStatus.DEMAND_HOLD, "camera/main: stale")
    assert policy.refusals("camera/main: frame") > 0


@pytest.fixture
def controller(world: Any, limits: dict[str, Any]) -> ControllerRig:
    rig = ControllerRig(world, limits)
    rig.send(sway(rows=200))
    rig.wait_for_state(SafetyReport.STATE_RUN)
    return rig


def say(rig: ControllerRig, demand: int, reason: str = "") -> None:
    if not hasattr(rig, "statuses"):
        rig.statuses = rig.world.publisher(topics.POLICY_STATUS)  # type: ignore[attr-defined]
    rig.statuses.publish(PolicyStatus(demand=demand, reason=reason))  # type: ignore[attr-defined]


def test_a_hold_lasts_as_long_as_it_is_asked_for(controller: ControllerRig) -> None:
    say(controller, PolicyStatus.DEMAND_HOLD, "camera/main: stale")
    controller.wait_for_state(SafetyReport.STATE_HOLD, "pi0_policy/status: camera/main: stale")
    controller.send(sway())
    controller.world.until(lambda: "held" in controller.reports[-1].rejected_reasons, "a refusal")
    say(controller, PolicyStatus.DEMAND_NONE)
    controller.wait_for_state(SafetyReport.STATE_HOLD, "waiting for a chunk")
    controller.world.until(lambda: standing(controller), "the arm at rest")
    here = controller.states[-1].position
    controller.send(np.tile(here, (30, 1)))
    controller.wait_for_state(SafetyReport.STATE_RUN)


def standing(rig: ControllerRig) -> bool:
    states: list[JointState] = rig.states[-20:]
    return len(states) == 20 and all(max(map(abs, s.velocity)) < 1e-3 for s in states)


def test_a_latch_needs_a_reset_which_is_refused_until_it_is_taken_back(
    controller: ControllerRig,
) -> None:
    say(controller, PolicyStatus.DEMAND_LATCH, "camera/main: frozen")
    controller.wait_for_state(SafetyReport.STATE_LATCHED, "camera/main: frozen")

    def refused_for_it() -> bool:
        answer = controller.call(topics.RESET)
        assert not answer.success
        return "camera/main: frozen" in answer.message

    controller.world.until(refused_for_it, "a refusal for this reason, and not for braking")
    say(controller, PolicyStatus.DEMAND_NONE)
    controller.world.until(lambda: controller.call(topics.RESET).success, "a reset")
    controller.wait_for_state(SafetyReport.STATE_HOLD, "waiting for a chunk")
