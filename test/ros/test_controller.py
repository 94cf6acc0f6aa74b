"""The controller node: chunks in, limited trajectories out."""

from typing import Any

import numpy as np
import pytest
from pi0_ros.msg import SafetyReport
from rcl_interfaces.msg import ParameterType
from rclpy.parameter import Parameter

from pi0_ros.core.chunk import ActionChunk
from pi0_ros.ros import topics
from pi0_ros.ros.controller import ControllerNode
from pi0_ros.ros.conversions import chunk_message, nanoseconds
from pi0_ros.ros.managed_node import Phase
from pi0_ros.sim.demo_arm import HOME, JOINT_NAMES, LIMITS

from .controller_rig import STEP_NS, Rig, sway


@pytest.fixture
def rig(world: Any, limits: dict[str, Any]) -> Rig:
    return Rig(world, limits)


def test_without_joint_states_it_does_not_activate(world: Any, limits: dict[str, Any]) -> None:
    reports = world.hear(topics.SAFETY_REPORT)
    node = world.start(ControllerNode, limits)
    node.trigger_configure()
    node.trigger_activate()

    assert node.phase is Phase.INACTIVE
    assert "joint_states" in node.refusal
    world.until(
        lambda: any("joint_states" in report.reason for report in reports), "the reason in a report"
    )


def test_a_chunk_moves_the_arm_and_every_message_ends_at_rest(rig: Rig) -> None:
    rig.send(sway())

    rig.wait_for_state(SafetyReport.STATE_RUN)
    goal = sway()[-1]
    rig.world.until(lambda: np.abs(rig.states[-1].position - goal).max() < 0.01, "the arm there")
    dt_s = 0.02
    for message in rig.trajectories:
        rows = np.array([point.positions for point in message.points])
        assert list(message.joint_names) == list(JOINT_NAMES)
        # At rest at the end: what comes after the last point is that point.
        rows = np.vstack([rows, rows[-1], rows[-1]])
        assert (np.abs(np.diff(rows, axis=0)) <= LIMITS.velocity * dt_s + 1e-9).all()
        assert (np.abs(np.diff(rows, n=2, axis=0)) <= LIMITS.acceleration * dt_s**2 + 1e-9).all()


def test_trajectories_lie_on_one_grid_and_overlap_without_a_jump(rig: Rig) -> None:
    rig.send(sway())
    rig.wait_for_state(SafetyReport.STATE_RUN)
    rig.world.until(lambda: len(rig.trajectories) > 40, "trajectories")

    starts = [nanoseconds(message.header.stamp) for message in rig.trajectories]
    assert {(start - starts[0]) % 20_000_000 for start in starts} == {0}
    assert all(message.points[0].time_from_start.nanosec == 0 for message in rig.trajectories)


def test_when_chunks_end_it_holds_and_goes_on_with_the_next(rig: Rig) -> None:
    rig.send(sway(rows=8))
    rig.wait_for_state(SafetyReport.STATE_RUN)
    held = rig.wait_for_state(SafetyReport.STATE_HOLD, "ran out")
    assert "pi0_policy/status" in held.reason

    rig.send(np.tile(rig.states[-1].position, (20, 1)))
    rig.wait_for_state(SafetyReport.STATE_RUN)


def test_hold_latches_until_reset(rig: Rig) -> None:
    rig.send(sway())
    rig.wait_for_state(SafetyReport.STATE_RUN)

    assert rig.call(topics.HOLD).success
    rig.wait_for_state(SafetyReport.STATE_LATCHED, "hold was called")
    rig.send(sway())
    rig.world.until(
        lambda: "latched" in rig.reports[-1].rejected_reasons, "the chunk to be rejected"
    )

    answer = rig.world.until(
        lambda: next((reply for reply in [rig.call(topics.RESET)] if reply.success), None),
        "the arm at rest",
    )
    assert answer.message == "waiting for a chunk"
    rig.wait_for_state(SafetyReport.STATE_HOLD, "waiting for a chunk")


def test_reset_has_nothing_to_do_when_nothing_is_latched(rig: Rig) -> None:
    answer = rig.call(topics.RESET)

    assert (answer.success, answer.message) == (False, "nothing to reset: the state is HOLD")


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"positions": np.full((10, 6), np.nan)}, "not finite"),
        ({"positions": np.tile(HOME, (10, 1)) + 9.0}, "position"),
        ({"joint_names": (*JOINT_NAMES[:5], "tool")}, "joint missing"),
        ({"stamp_ns": 1}, "before hold"),
    ],
)
def test_a_bad_chunk_is_rejected_by_kind_and_moves_nothing(
    rig: Rig, changes: dict[str, Any], kind: str
) -> None:
    rig.send(**{"rows": sway(), **changes})

    report = rig.world.until(
        lambda: next((r for r in rig.reports if kind in r.rejected_reasons), None), kind
    )
    assert report.chunks_accepted == 0
    assert report.state == SafetyReport.STATE_HOLD


def test_a_chunk_with_too_few_values_is_refused_and_named(rig: Rig) -> None:
    message = chunk_message(
        ActionChunk(rig.node.now_ns(), STEP_NS, JOINT_NAMES, sway(), 1, 1), "", "", 0
    )
    message.horizon = 1000
    rig.chunks.publish(message)

    rig.world.until(
        lambda: "shape" in rig.reports[-1].rejected_reasons, "the refusal in the report"
    )


def test_stale_joint_states_hold(world: Any, rig: Rig) -> None:
    rig.send(sway())
    rig.wait_for_state(SafetyReport.STATE_RUN)

    world.executor.remove_node(rig.arm)

    rig.wait_for_state(SafetyReport.STATE_HOLD, "joint_states: stale")


def test_after_deactivation_nothing_is_sent(rig: Rig) -> None:
    rig.send(sway())
    rig.wait_for_state(SafetyReport.STATE_RUN)

    rig.node.trigger_deactivate()
    rig.wait_for_state(SafetyReport.STATE_INACTIVE)
    sent = len(rig.trajectories)
    reports = len(rig.reports)
    rig.world.until(lambda: len(rig.reports) > reports + 3, "more reports")

    # One may have been on its way.
    assert len(rig.trajectories) <= sent + 1
    assert not rig.call(topics.HOLD).success
    assert not rig.node.ended.done()


def test_forward_position_sends_one_position_a_joint(world: Any, limits: dict[str, Any]) -> None:
    rig = Rig(world, {**limits, "command_interface": "forward_position"})
    rig.send(sway())

    rig.wait_for_state(SafetyReport.STATE_RUN)
    goal = sway()[-1]
    world.until(lambda: np.abs(rig.states[-1].position - goal).max() < 0.01, "the arm there")
    assert all(len(message.data) == 6 for message in rig.positions)
    assert not rig.trajectories


def test_reports_count_up_and_time_every_tick_once(rig: Rig) -> None:
    def ticking() -> list[SafetyReport]:
        return [report for report in rig.reports if report.tick_periods_s]

    rig.world.until(lambda: len(ticking()) > 10, "reports of ticks")

    sequences = [report.sequence for report in rig.reports]
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
    first, *others = ticking()
    periods = [period for report in others for period in report.tick_periods_s]
    passed_s = (nanoseconds(others[-1].header.stamp) - nanoseconds(first.header.stamp)) / 1e9
    # The ticks and the reports each come a little after their time.
    assert sum(periods) == pytest.approx(passed_s, rel=0.3)


def test_limits_tighten_at_rest_and_never_loosen(rig: Rig) -> None:
    name = "joint_limits.joint_6.max_velocity"

    assert rig.node.set_parameters([Parameter(name, value=1.0)])[0].successful
    rig.world.until(lambda: rig.reports[-1].velocity_limit[5] == 1.0, "the new limit in the report")
    for value, words in ((1.5, "never loosened"), (-1.0, "must be above 0"), (float("nan"), "")):
        answer = rig.node.set_parameters([Parameter(name, value=value)])[0]
        assert not answer.successful
        assert words in answer.reason
    assert rig.node.get_parameter(name).value == 1.0


def test_limits_never_loosen_before_the_configuration_either(
    world: Any, limits: dict[str, Any]
) -> None:
    node = world.start(ControllerNode, limits)
    answer = node.set_parameters([Parameter("joint_limits.joint_6.max_velocity", value=9.0)])[0]

    assert not answer.successful
    assert "never loosened" in answer.reason


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("control_rate", 0.0, "control_rate: must be from 1 to 1000 Hz, got 0.0"),
        ("joint_limits.joint_6.max_velocity", -1.0, "max_velocity must be above 0, got -1.0"),
        ("joint_limits.joint_3.has_velocity_limits", False, "has_velocity_limits must be true"),
        ("joint_limits.joint_2.min_position", 5.0, "must be below max_position"),
    ],
)
def test_impossible_parameters_fail_the_configuration(
    world: Any, limits: dict[str, Any], name: str, value: Any, words: str
) -> None:
    node = world.start(ControllerNode, {**limits, name: value})
    node.trigger_configure()

    assert node.phase is Phase.UNCONFIGURED
    assert words in node.refusal


def test_parameters_are_readable_over_the_service(rig: Rig) -> None:
    from rcl_interfaces.srv import GetParameters

    request = GetParameters.Request(names=["control_rate", "joint_limits.joint_6.max_velocity"])
    answer = rig.world.call(
        "rcl_interfaces/srv/GetParameters", "pi0_controller/get_parameters", request
    )

    assert [value.type for value in answer.values] == [ParameterType.PARAMETER_DOUBLE] * 2
    assert [value.double_value for value in answer.values] == [50.0, 2.5]


def test_it_configures_again_after_a_clean_up(rig: Rig) -> None:
    for step in ("deactivate", "cleanup", "configure"):
        getattr(rig.node, f"trigger_{step}")()
    assert rig.node.phase is Phase.INACTIVE

    def active() -> bool:
        rig.node.trigger_activate()
        return rig.node.phase is Phase.ACTIVE

    rig.world.until(active, "the controller to be active again")
