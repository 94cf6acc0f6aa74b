"""Instructions, parameters, chunks and intruders that must not do harm."""

import time
from collections.abc import Callable
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import Transition
from rclpy.qos import QoSProfile, ReliabilityPolicy
from std_msgs.msg import Bool, String

from pi0_ros.cli.conformance.case import Case, CaseFailed
from pi0_ros.cli.conformance.stage import CONTROLLER, LATCHED, RUN, Stage
from pi0_ros.ros import topics
from pi0_ros.ros.conversions import nanoseconds

_TICK_S = 0.02
_AT_ONCE_S = 0.1
_ONE_INFERENCE_S = 0.4

_INSTRUCTION = "instruction empty, over 512 bytes, with control characters"
_ORDER = "two chunks out of order, or from before a reset"
_PARAMETERS = "parameters changed while active"


def _bad_instruction(text: str, kind: str) -> Callable[[Stage], float]:
    def act(stage: Stage) -> float:
        before = stage.newest(topics.POLICY_STATUS).instruction
        end = stage.ear.publisher(topics.INSTRUCTION)
        began_ns = time.time_ns()
        end.publish(String(data=text))
        refused = stage.refused(f"instruction: {kind}", began_ns)
        stage.ear.node.destroy_publisher(end)
        if refused.instruction != before:
            raise CaseFailed(f"the instruction is now {refused.instruction!r}")
        stage.stays_in_run(0.5)
        return stage.seconds(refused, began_ns)

    return act


def _instruction_changed(stage: Stage) -> float:
    epoch = stage.newest(topics.SAFETY_REPORT).epoch
    end = stage.ear.publisher(topics.INSTRUCTION)
    began_ns = time.time_ns()
    end.publish(String(data=f"do something else, {began_ns}"))
    reports = topics.SAFETY_REPORT

    def spliced() -> Any:
        return next((r for r in stage.ear.of(reports) if r.epoch > epoch), None)

    first = stage.until(spliced, "a chunk of the new instruction in play")
    stage.stays_in_run(0.5)
    stage.ear.node.destroy_publisher(end)
    later = stage.ear.of(reports)[stage.ear.of(reports).index(first) :]
    if any(report.epoch <= epoch for report in later):
        raise CaseFailed("a chunk of the old instruction was played after one of the new")
    return stage.seconds(first, began_ns)


def _old_chunk(kind: str, **changes: int) -> Callable[[Stage], float]:
    def act(stage: Stage) -> float:
        end = stage.ear.publisher(topics.ACTION_CHUNK)
        chunk = stage.newest(topics.ACTION_CHUNK)
        for field, less in changes.items():
            setattr(chunk, field, getattr(chunk, field) - less)
        began_ns = time.time_ns()
        end.publish(chunk)
        rejected = stage.rejected(kind, began_ns)
        stage.stays_in_run(0.5)
        stage.ear.node.destroy_publisher(end)
        return stage.seconds(rejected, began_ns)

    return act


def _second_publisher(stage: Stage) -> float:
    began_ns = time.time_ns()
    end = stage.ear.publisher(topics.JOINT_TRAJECTORY)
    latched = stage.report(LATCHED, "also publishes on", began_ns)
    if stage.ear.call(topics.RESET).success:
        raise CaseFailed("reset was accepted while the second publisher is there")
    stage.ear.node.destroy_publisher(end)
    stage.at_rest()
    stage.reset()
    stage.report(RUN, "", nanoseconds(latched.header.stamp))
    return stage.seconds(latched, began_ns)


def _estop(stage: Stage) -> float:
    end = stage.ear.publisher(topics.ESTOP)
    began_ns = time.time_ns()
    end.publish(Bool(data=True))
    latched = stage.report(LATCHED, "estop", began_ns)
    stage.at_rest()
    if stage.ear.call(topics.RESET).success:
        raise CaseFailed("reset was accepted while the emergency stop is pressed")
    end.publish(Bool(data=False))
    stage.reset()
    stage.report(RUN, "", nanoseconds(latched.header.stamp))
    stage.ear.node.destroy_publisher(end)
    return stage.seconds(latched, began_ns)


def _hold(stage: Stage) -> float:
    began_ns = time.time_ns()
    if not stage.ear.call(topics.HOLD).success:
        raise CaseFailed("hold was refused")
    latched = stage.report(LATCHED, "hold was called", began_ns)
    stage.at_rest()
    stage.reset()
    stage.report(RUN, "", nanoseconds(latched.header.stamp))
    return stage.seconds(latched, began_ns)


def _parameter(name: str, value: float, words: str) -> Callable[[Stage], float]:
    def act(stage: Stage) -> float:
        began_s = time.monotonic()
        answer = stage.ear.set_parameter(CONTROLLER, name, value)
        seconds = time.monotonic() - began_s
        if answer.successful or words not in answer.reason:
            raise CaseFailed(f"{name} = {value}: expected a refusal with {words!r}, got {answer}")
        stage.stays_in_run(0.5)
        return seconds

    return act


def _incompatible(stage: Stage) -> float:
    """Named as an error while active, which stops nothing; and no activation."""
    rude = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    began_ns = time.time_ns()
    end = stage.ear.publisher(topics.ACTION_CHUNK, rude)
    words = f"{topics.ACTION_CHUNK.name}: {stage.ear.node.get_name()} publishes"

    def told() -> Any:
        for message in stage.ear.of(topics.DIAGNOSTICS):
            status = message.status[0]
            ours = status.name.endswith(CONTROLLER) and words in status.message
            if ours and status.level == DiagnosticStatus.ERROR:
                return message
        return None

    error = stage.until(told, "diagnostics at ERROR")
    if not stage.transition(CONTROLLER, Transition.TRANSITION_DEACTIVATE):
        raise CaseFailed("the controller cannot be deactivated")
    stage.at_rest()
    if stage.transition(CONTROLLER, Transition.TRANSITION_ACTIVATE):
        raise CaseFailed("the controller was activated")
    stage.ear.node.destroy_publisher(end)
    stage.ear.expect_new_controller()
    stage.until(
        lambda: stage.transition(CONTROLLER, Transition.TRANSITION_ACTIVATE), "an activation"
    )
    return stage.seconds(error, began_ns)


CASES = (
    *(
        Case(
            f"instruction_{name}",
            _INSTRUCTION,
            "refused and counted, the old one stays",
            _AT_ONCE_S,
            _bad_instruction(text, kind),
        )
        for name, text, kind in (
            ("empty", "", "empty"),
            ("too_long", "x" * 513, "too long"),
            ("with_control_characters", "circle\x1b[2J", "control character"),
        )
    ),
    Case(
        "instruction_changed",
        "instruction changed in the middle of a chunk",
        "old actions discarded, spliced at the plan",
        _ONE_INFERENCE_S,
        _instruction_changed,
    ),
    Case(
        "chunk_out_of_order",
        _ORDER,
        "rejected and counted",
        _AT_ONCE_S,
        _old_chunk("out of order", sequence=1),
    ),
    Case(
        "chunk_of_an_old_epoch",
        _ORDER,
        "rejected and counted",
        _AT_ONCE_S,
        _old_chunk("old epoch", epoch=1),
    ),
    Case(
        "second_publisher",
        "second publisher on the command topic",
        "LATCHED, no reset while it is there",
        1.0,
        _second_publisher,
    ),
    Case("estop", "emergency stop", "LATCHED, no reset while pressed", _AT_ONCE_S, _estop),
    Case("hold_called", "hold by hand", "LATCHED until reset", _AT_ONCE_S, _hold),
    *(
        Case(f"parameter_{name}", _PARAMETERS, "refused", 1.0, _parameter(parameter, value, words))
        for name, parameter, value, words in (
            ("loosens_joint_6", "joint_limits.joint_6.max_velocity", 100.0, "never loosened"),
            ("tightens_in_motion", "joint_limits.joint_6.max_velocity", 1.0, "at rest"),
            ("read_only", "control_rate", 10.0, "read-only"),
        )
    ),
    Case(
        "incompatible_qos",
        "incompatible QoS on a required topic",
        "diagnostics at ERROR, no activation",
        2.0,
        _incompatible,
    ),
)
