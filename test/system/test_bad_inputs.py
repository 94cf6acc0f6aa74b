"""Bad messages on real topics: each is named in the policy's status, and nothing else happens."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from contracts import velocity_limits
from contracts.recording import Recording
from pi0_ros.msg import PolicyStatus, SafetyReport
from sensor_msgs.msg import Image, JointState
from std_msgs.msg import String
from system.harness import RunningDemo

from pi0_ros.ros import topics
from pi0_ros.ros.conversions import nanoseconds, time_message

_DEADLINE_S = 20.0
# Less than what counts as a stamp in the future, and two joint states long.
_AHEAD_NS = 20_000_000
MAIN = topics.CAMERA_RAW.of_camera("main")


@pytest.fixture
def undisturbed(demo: RunningDemo) -> Iterator[RunningDemo]:
    """The demo; afterwards it must have gone on all the time as if nothing had happened."""
    demo.listener.restart()
    demo.listener.until(in_full_swing, _DEADLINE_S, "the running demo")
    before = demo.listener.recording.last(topics.POLICY_STATUS.name)
    yield demo
    running = [PolicyStatus.STATE_RUNNING, SafetyReport.STATE_RUN]
    recording = demo.listener.until(
        lambda heard: [status.state for status in newest(heard)] == running, _DEADLINE_S, "RUN"
    )
    # A busy machine may starve a stream for a moment; nothing else may have stopped anything.
    reports = recording.of(topics.SAFETY_REPORT.name)
    assert SafetyReport.STATE_LATCHED not in {report.state for report in reports}
    stops = (*recording.of(topics.POLICY_STATUS.name), *reports)
    starved = ("stale", "after a gap", "waiting for a chunk")
    reasons = {stop.reason for stop in stops if stop.reason}
    assert {reason for reason in reasons if not any(w in reason for w in starved)} == set()
    after = recording.last(topics.POLICY_STATUS.name)
    for name, then, now in zip(
        after.stream_names[:-1], before.stream_received, after.stream_received, strict=False
    ):
        assert now > then, name
    assert after.chunks > before.chunks
    velocity_limits.check_no_limit_is_broken(recording)


def newest(recording: Recording) -> tuple[PolicyStatus, SafetyReport]:
    return recording.last(topics.POLICY_STATUS.name), recording.last(topics.SAFETY_REPORT.name)


def in_full_swing(recording: Recording) -> bool:
    return all(
        len(recording.of(topic.name)) > 1
        for topic in (
            topics.POLICY_STATUS,
            topics.SAFETY_REPORT,
            topics.JOINT_STATES,
            topics.ACTION_CHUNK,
        )
    )


def refused(kind: str) -> Callable[[Recording], bool]:
    """Whether the newest status counts this kind."""

    def condition(recording: Recording) -> bool:
        status = recording.last(topics.POLICY_STATUS.name)
        return status is not None and kind in status.refused_kinds

    return condition


def image(demo: RunningDemo, **changes: Any) -> Image:
    values = {"encoding": "rgb8", "height": 480, "width": 640, "step": 1920} | changes
    size = values.pop("size", values["height"] * values["step"])
    message = Image(**values, data=bytes(size))
    message.header.frame_id = "camera_main_optical_frame"
    message.header.stamp = demo.listener.node.get_clock().now().to_msg()
    return message


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("encoding", {"encoding": "yuv9"}),
        ("size", {"height": 240, "width": 320, "step": 960}),
        ("step", {"step": 1919, "size": 480 * 1919}),
        ("length", {"size": 480 * 1920 - 1}),
    ],
)
def test_a_malformed_picture_is_refused_and_named(
    undisturbed: RunningDemo, kind: str, changes: dict[str, Any]
) -> None:
    undisturbed.listener.say_until(
        MAIN,
        lambda: image(undisturbed, **changes),
        refused(f"camera/main: {kind}"),
        _DEADLINE_S,
        f"the refusal of {changes}",
    )


def joint_state(demo: RunningDemo, change: Callable[[list[str], list[float]], None]) -> JointState:
    """The newest joint state with a change, stamped now."""
    newest = demo.listener.recording.last(topics.JOINT_STATES.name)
    names, positions = list(newest.name), list(newest.position)
    change(names, positions)
    message = JointState(name=names, position=positions)
    message.header.stamp = demo.listener.node.get_clock().now().to_msg()
    return message


def with_nan(_names: list[str], positions: list[float]) -> None:
    positions[2] = float("nan")


def without_one(names: list[str], positions: list[float]) -> None:
    del names[5], positions[5]


def with_one_doubled(names: list[str], positions: list[float]) -> None:
    names.append(names[0])
    positions.append(positions[0])


def with_too_few_values(_names: list[str], positions: list[float]) -> None:
    del positions[5]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("not finite", with_nan),
        ("joint missing", without_one),
        ("joint doubled", with_one_doubled),
        ("length", with_too_few_values),
    ],
)
def test_a_malformed_joint_state_is_refused_and_named(
    undisturbed: RunningDemo, kind: str, change: Callable[[list[str], list[float]], None]
) -> None:
    undisturbed.listener.say_until(
        topics.JOINT_STATES,
        lambda: joint_state(undisturbed, change),
        refused(f"joint_states: {kind}"),
        _DEADLINE_S,
        f"the refusal of a joint state: {kind}",
    )


def reverse_order(names: list[str], positions: list[float]) -> None:
    # Sorted, since the newest joint state may be one of these.
    pairs = sorted(zip(names, positions, strict=True), reverse=True)
    names[:], positions[:] = [name for name, _ in pairs], [position for _, position in pairs]


def refused_joint_states(recording: Recording) -> Counter[str]:
    """Kind -> joint states that the policy has refused for it."""
    status = recording.last(topics.POLICY_STATUS.name)
    counts = zip(status.refused_kinds, status.refused_counts, strict=True)
    return Counter({kind: count for kind, count in counts if kind.startswith("joint_states: ")})


def test_joints_in_another_order_are_taken_by_name(undisturbed: RunningDemo) -> None:
    """They are stamped a little ahead, so that what the arm says next is older than one taken."""
    overtaken = "joint_states: older"
    before = refused_joint_states(undisturbed.listener.recording)

    def reordered() -> JointState:
        message = joint_state(undisturbed, reverse_order)
        assert message.name[0] == "joint_6"
        ahead_ns = nanoseconds(message.header.stamp) + _AHEAD_NS
        message.header.stamp = time_message(ahead_ns)
        return message

    def taken(recording: Recording) -> bool:
        return refused_joint_states(recording)[overtaken] >= before[overtaken] + 10

    recording = undisturbed.listener.say_until(
        topics.JOINT_STATES, reordered, taken, _DEADLINE_S, "joint states that were overtaken"
    )
    assert set(refused_joint_states(recording) - before) == {overtaken}
    # Taken by position, the arm would seem to be far from its command, and the controller latch.


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("empty", "  "),
        ("too long", "circle " * 100),
        ("control character", "circle\x07 over\x1b[2J the blue block"),
    ],
)
def test_an_impossible_instruction_is_refused_and_the_old_one_stays(
    undisturbed: RunningDemo, kind: str, text: str
) -> None:
    before = undisturbed.listener.recording.last(topics.POLICY_STATUS.name)
    recording = undisturbed.listener.say_until(
        topics.INSTRUCTION,
        lambda: String(data=text),
        refused(f"instruction: {kind}"),
        _DEADLINE_S,
        f"the refusal of an instruction: {kind}",
    )
    after = recording.last(topics.POLICY_STATUS.name)
    assert (after.instruction, after.epoch) == (before.instruction, before.epoch)


def test_a_new_instruction_raises_the_epoch_and_reaches_the_chunks(
    undisturbed: RunningDemo,
) -> None:
    before = undisturbed.listener.recording.last(topics.POLICY_STATUS.name)
    colours = {"red": "blue", "blue": "red"}
    old = next(colour for colour in colours if colour in before.instruction)
    text = f"circle over the {colours[old]} block"

    def in_the_controller(recording: Recording) -> bool:
        report = recording.last(topics.SAFETY_REPORT.name)
        chunk = recording.last(topics.ACTION_CHUNK.name)
        return report.epoch == before.epoch + 1 and chunk.instruction == text

    recording = undisturbed.listener.say_until(
        topics.INSTRUCTION, lambda: String(data=text), in_the_controller, _DEADLINE_S, "the task"
    )
    assert recording.last(topics.POLICY_STATUS.name).instruction == text
