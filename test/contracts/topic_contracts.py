"""Names, types, qualities of service, rates, stamps and frame ids of the demo's topics.

Rates are judged by the stamps in the messages, never by when they arrived.
"""

import itertools
import math
import statistics
from collections.abc import Sequence

from pi0_ros.msg import PolicyStatus, SafetyReport

from contracts.listener import CAMERAS, Listener
from contracts.recording import Recording, nanoseconds
from pi0_ros.ros import topics

JOINTS = tuple(f"joint_{number}" for number in range(1, 7))
# Of a camera's rate and of the joint states': a mocked device paces itself well.
_RATE_TOLERANCE = 0.15
_SLOWEST = 1.7
_FUTURE_S = 0.05
DEMO_TOPICS = (
    *(topics.CAMERA_RAW.of_camera(camera) for camera in CAMERAS),
    topics.JOINT_STATES,
    topics.INSTRUCTION,
    topics.ACTION_CHUNK,
    topics.JOINT_TRAJECTORY,
    topics.POLICY_STATUS,
    topics.SAFETY_REPORT,
)


def enough_is_recorded(recording: Recording) -> bool:
    """Whether there is something to judge: the system runs, and every topic was heard."""
    policy = recording.last(topics.POLICY_STATUS.name)
    safety = recording.last(topics.SAFETY_REPORT.name)
    return (
        policy is not None
        and policy.state == PolicyStatus.STATE_RUNNING
        and safety is not None
        and safety.state == SafetyReport.STATE_RUN
        and len(recording.of(topics.ACTION_CHUNK.name)) >= 10
        and len(recording.of(topics.JOINT_TRAJECTORY.name)) >= 100
        and len(recording.of(topics.JOINT_STATES.name)) >= 200
        and all(
            len(recording.pictures.get(topics.CAMERA_RAW.of_camera(camera).name, [])) >= 60
            for camera in CAMERAS
        )
    )


def check_names_types_and_qualities(listener: Listener) -> None:
    """Every topic has the publishers and subscribers of the table, of its type and quality."""
    for topic in DEMO_TOPICS:
        publishers = listener.publishers(topic.name)
        assert sorted(end.node for end in publishers) == sorted(topic.publishers), topic.name
        subscribers = {end.node for end in listener.subscriptions(topic.name)}
        assert subscribers >= set(topic.subscribers), f"{topic.name}: only {subscribers}"
        for end in publishers:
            assert end.type == topic.type, f"{topic.name} is a {end.type}"
            reliable = topic.published.reliability == "reliable"
            assert end.reliable is reliable, f"{topic.name}: reliable is {end.reliable}"
            latched = topic.published.durability == "transient local"
            assert end.transient_local is latched, f"{topic.name}: latched is {end.transient_local}"
        for end in listener.subscriptions(topic.name):
            reliable = topic.subscribed.reliability == "reliable"
            assert end.type == topic.type, f"{end.node} takes {topic.name} as {end.type}"
            assert end.reliable is reliable, f"{end.node} on {topic.name}: {end.reliable}"


def check_cameras(recording: Recording) -> None:
    """Three streams of 640x480 rgb8 at 30 Hz, each with a frame of its own, stamped in order."""
    frames = set()
    for camera in CAMERAS:
        topic = topics.CAMERA_RAW.of_camera(camera).name
        pictures = recording.pictures[topic]
        for picture in pictures:
            assert (picture.width, picture.height) == (640, 480), topic
            assert (picture.encoding, picture.step) == ("rgb8", 1920), topic
            assert picture.size == 480 * 1920, topic
        _check_rate(topic, [picture.stamp_ns for picture in pictures], 30.0)
        of_camera = {picture.frame_id for picture in pictures}
        assert len(of_camera) == 1, f"{topic}: frame ids {of_camera}"
        frames |= of_camera
    assert all(frames), f"a camera has no frame id: {frames}"
    assert len(frames) == len(CAMERAS), f"cameras share frame ids: {frames}"


def check_joint_states(recording: Recording) -> None:
    """All six joints with position and velocity at 100 Hz, stamped in order."""
    topic = topics.JOINT_STATES.name
    states = recording.of(topic)
    for state in states:
        assert set(state.name) == set(JOINTS), state.name
        assert len(state.position) == len(state.velocity) == len(state.name)
        assert all(math.isfinite(value) for value in (*state.position, *state.velocity))
    _check_rate(topic, [nanoseconds(state.header.stamp) for state in states], 100.0)


def check_chunks(recording: Recording) -> None:
    """Chunks of 50 rows at 30 Hz with capture stamps, in sequence, no faster than configured."""
    chunks = recording.of(topics.ACTION_CHUNK.name)
    pictures = {picture.stamp_ns for stream in recording.pictures.values() for picture in stream}
    first_picture = min(pictures)
    for chunk in chunks:
        assert set(chunk.joint_names) == set(JOINTS)
        assert chunk.horizon == 50
        assert len(chunk.values) == chunk.horizon * len(chunk.joint_names)
        assert all(math.isfinite(value) for value in chunk.values)
        assert nanoseconds(chunk.step) == round(1e9 / 30.0)
        assert chunk.header.frame_id == ""
        assert chunk.policy_id.startswith("demo/")
        assert chunk.instruction
        assert nanoseconds(chunk.inference_time) > 0
        stamp = nanoseconds(chunk.header.stamp)
        assert stamp in pictures or stamp < first_picture, (
            f"chunk {chunk.sequence}: its stamp {stamp} is not the capture time of any picture"
        )
    sequences = [chunk.sequence for chunk in chunks]
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
    # The mean: stamps are those of pictures, which are a whole picture apart or two.
    period_s = statistics.mean(_periods_s([nanoseconds(c.header.stamp) for c in chunks]))
    # 24 Hz by the parameter file; a busy machine may be slower.
    assert 0.9 / 24.0 <= period_s < 1.0, f"a chunk every {period_s:.3f} s"


def check_trajectories(recording: Recording) -> None:
    """Commands on the 50 Hz grid of absolute ticks, positions only, ending at rest."""
    topic = topics.JOINT_TRAJECTORY.name
    messages = recording.of(topic)
    tick_ns = round(1e9 / 50.0)
    for message in messages:
        assert tuple(message.joint_names) == JOINTS
        assert message.header.frame_id == ""
        offsets = [nanoseconds(point.time_from_start) for point in message.points]
        assert offsets == [index * tick_ns for index in range(len(offsets))]
        assert len(offsets) >= 2
        for point in message.points:
            assert len(point.positions) == len(JOINTS)
            assert len(point.velocities) == len(point.accelerations) == len(point.effort) == 0
    stamps = [nanoseconds(message.header.stamp) for message in messages]
    for before, after in itertools.pairwise(stamps):
        assert after > before, f"{topic}: {after} follows {before}"
        assert (after - before) % tick_ns == 0, f"{topic}: off the grid by {after - before} ns"
    assert statistics.median(_periods_s(stamps)) == tick_ns / 1e9


def check_nothing_is_from_the_future(recording: Recording, now_ns: int) -> None:
    """No stamp is later than now."""
    latest_ns = now_ns + round(_FUTURE_S * 1e9)
    for topic, stream in recording.pictures.items():
        assert max(picture.stamp_ns for picture in stream) <= latest_ns, topic
    for topic, messages in recording.messages.items():
        stamps = [nanoseconds(m.header.stamp) for m in messages if hasattr(m, "header")]
        assert max(stamps, default=0) <= latest_ns, topic


def check_policy_status(recording: Recording) -> None:
    """Says RUNNING in mode demo with all streams alive, at least once a second."""
    statuses = recording.of(topics.POLICY_STATUS.name)
    status = statuses[-1]
    assert status.state == PolicyStatus.STATE_RUNNING
    assert status.mode == PolicyStatus.MODE_DEMO
    assert status.policy_id.startswith("demo/")
    assert status.reason == ""
    expected = [*(f"camera/{camera}" for camera in CAMERAS), "joint_states", "instruction"]
    assert list(status.stream_names) == expected
    for index, name in enumerate(expected[:-1]):
        assert 0.0 <= status.stream_ages_s[index] < 1.0, name
        assert status.stream_received[index] > 0, name
        assert status.stream_refused[index] == 0, name
    assert status.chunks > 0
    assert 0.0 < status.inference_p50_s < 10.0
    stamps = [nanoseconds(status.header.stamp) for status in statuses]
    assert statistics.median(_periods_s(stamps)) <= 1.0


def check_safety_reports(recording: Recording) -> None:
    """Says RUN with the limits in force; none is missing."""
    reports = recording.of(topics.SAFETY_REPORT.name)
    sequences = [report.sequence for report in reports]
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
    report = reports[-1]
    assert report.state == SafetyReport.STATE_RUN
    assert tuple(report.joint_names) == JOINTS
    assert report.chunks_accepted > 0
    for name in ("position", "velocity", "acceleration", "velocity_limit", "displacement"):
        assert len(getattr(report, name)) == len(JOINTS), name


def _check_rate(topic: str, stamps_ns: Sequence[int], rate_hz: float) -> None:
    periods_s = _periods_s(stamps_ns)
    assert min(periods_s) > 0.0, f"{topic}: stamps do not rise"
    period_s = statistics.median(periods_s)
    # A busy machine makes it slower, never faster.
    assert 1.0 - _RATE_TOLERANCE <= period_s * rate_hz <= _SLOWEST, (
        f"{topic}: {1.0 / period_s:.1f} Hz by its stamps, expected {rate_hz} Hz"
    )


def _periods_s(stamps_ns: Sequence[int]) -> list[float]:
    return [(after - before) / 1e9 for before, after in itertools.pairwise(stamps_ns)]
