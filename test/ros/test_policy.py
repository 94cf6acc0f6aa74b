"""The policy node with a stub policy: what becomes of the messages that come."""

import array
from typing import Any

import numpy as np
import pytest
from pi0_ros.msg import PolicyStatus
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import String

from pi0_ros.ros.compressed import jpeg
from pi0_ros.ros.conversions import nanoseconds, time_message
from pi0_ros.sim.demo_arm import HOME, JOINT_NAMES

from .policy_rig import HEIGHT, WIDTH, Rig, image, joint_state


@pytest.fixture
def rig(world: Any, stub: Any) -> Rig:
    return Rig(world, stub, {})


def test_a_chunk_is_stamped_with_the_capture_time_of_its_pictures(rig: Rig) -> None:
    rig.activate()
    rig.until(lambda: rig.chunks, "a chunk")

    # The first one that is heard need not be the first that was sent.
    chunk = rig.chunks[0]
    observation = rig.stub.seen[chunk.sequence - 1]
    assert nanoseconds(chunk.header.stamp) == observation.stamp_ns
    assert list(chunk.joint_names) == list(JOINT_NAMES)
    assert nanoseconds(chunk.step) == round(1e9 / 30)
    assert np.allclose(np.reshape(chunk.values, (10, 6)), HOME)
    assert chunk.horizon == 10
    assert (chunk.policy_id, chunk.instruction) == ("stub-0", "pick")
    assert set(observation.images) == {"main", "side"}


def test_the_status_tells_that_it_runs(rig: Rig) -> None:
    rig.activate()
    status = rig.status(PolicyStatus.STATE_RUNNING)

    assert status.mode == PolicyStatus.MODE_REAL
    assert (status.policy_id, status.device, status.instruction) == ("stub-0", "cpu", "pick")
    names = ["camera/main", "camera/side", "joint_states", "instruction"]
    assert list(status.stream_names) == names
    rig.until(lambda: rig.statuses[-1].chunk_rate_hz > 5.0, "a rate")
    assert rig.statuses[-1].epoch == rig.chunks[0].epoch


@pytest.mark.parametrize(("stream", "name"), [("side", "camera/side"), ("joints", "joint_states")])
def test_a_stale_stream_stops_chunks_is_named_and_recovers(
    rig: Rig, stream: str, name: str
) -> None:
    rig.activate()
    rig.status(PolicyStatus.STATE_RUNNING)
    feed = rig.feeds.pop(stream)

    status = rig.status(PolicyStatus.STATE_WAITING, f"{name}: stale")
    assert name in status.reason
    chunks = rig.node._inference.view(0).chunks
    beats = len(rig.statuses)
    rig.until(lambda: len(rig.statuses) > beats + 1, "more statuses")
    assert rig.node._inference.view(0).chunks == chunks

    rig.feeds[stream] = feed
    rig.status(PolicyStatus.STATE_RUNNING)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"encoding": "mono16"}, "encoding"),
        ({"width": 320, "step": 960}, "size"),
        ({"step": 100}, "step"),
        ({"data": array.array("B", bytes(1000))}, "length"),
    ],
)
def test_a_malformed_picture_is_counted_named_and_used_by_nobody(
    rig: Rig, changes: dict[str, Any], kind: str
) -> None:
    rig.activate()
    rig.status(PolicyStatus.STATE_RUNNING)
    good = rig.feeds["main"]
    rig.feeds["main"] = lambda stamp_ns: rig.cameras["main"].publish(image(stamp_ns, **changes))

    rig.status(PolicyStatus.STATE_WAITING, "camera/main: stale")
    rig.until(lambda: rig.refusals(f"camera/main: {kind}") > 0, "the refusal in the status")
    rig.feeds["main"] = good
    rig.status(PolicyStatus.STATE_RUNNING)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"position": [float("nan")] * 6}, "not finite"),
        ({"name": [*JOINT_NAMES[:5], "tool"]}, "joint missing"),
        ({"name": [*JOINT_NAMES[:5], "joint_1"]}, "joint doubled"),
        ({"position": [0.0] * 5}, "length"),
    ],
)
def test_malformed_joint_states_are_counted_named_and_used_by_nobody(
    rig: Rig, changes: dict[str, Any], kind: str
) -> None:
    rig.activate()
    rig.status(PolicyStatus.STATE_RUNNING)
    rig.feeds["joints"] = lambda stamp_ns: rig.joints.publish(joint_state(stamp_ns, **changes))

    rig.status(PolicyStatus.STATE_WAITING, "joint_states: stale")
    rig.until(lambda: rig.refusals(f"joint_states: {kind}") > 0, "the refusal in the status")
    assert all(np.allclose(seen.positions, HOME) for seen in rig.stub.seen)


def test_reordered_joints_are_mapped_by_name(rig: Rig) -> None:
    rig.feeds["joints"] = lambda stamp_ns: rig.joints.publish(
        joint_state(stamp_ns, name=list(JOINT_NAMES[::-1]), position=HOME[::-1].tolist())
    )
    rig.activate()
    rig.until(lambda: rig.stub.seen, "an observation")

    assert np.array_equal(rig.stub.seen[0].positions, HOME)


def test_a_new_instruction_raises_the_epoch(rig: Rig) -> None:
    rig.activate()
    rig.until(lambda: rig.chunks, "a chunk")
    epoch = rig.chunks[0].epoch
    rig.instructions.publish(String(data="place"))

    rig.until(lambda: rig.chunks[-1].instruction == "place", "a chunk for it")
    assert rig.chunks[-1].epoch == epoch + 1
    rig.until(lambda: rig.statuses[-1].epoch == epoch + 1, "the epoch in the status")
    assert rig.statuses[-1].instruction == "place"


@pytest.mark.parametrize(
    ("text", "kind"),
    [("  ", "empty"), ("x" * 600, "too long"), ("pick\x07", "control character")],
)
def test_a_bad_instruction_is_counted_and_the_old_one_stays(rig: Rig, text: str, kind: str) -> None:
    rig.activate()
    rig.status(PolicyStatus.STATE_RUNNING)
    rig.instructions.publish(String(data=text))

    rig.until(lambda: rig.refusals(f"instruction: {kind}") == 1, "the refusal in the status")
    assert rig.status(PolicyStatus.STATE_RUNNING).instruction == "pick"


def test_without_an_instruction_it_waits_for_one(world: Any, stub: Any) -> None:
    rig = Rig(world, stub, {"instruction": ""})
    rig.activate()
    rig.status(PolicyStatus.STATE_WAITING, "instruction: none received yet")
    assert not rig.chunks

    rig.instructions.publish(String(data="pick"))
    rig.status(PolicyStatus.STATE_RUNNING)


def test_output_that_is_not_finite_is_never_published(rig: Rig) -> None:
    good = rig.stub.answers
    rig.stub.answers = lambda observation: np.full((10, 6), np.nan)
    rig.activate()
    rig.status(PolicyStatus.STATE_WAITING, "not finite")
    assert not rig.chunks

    rig.stub.answers = good
    rig.status(PolicyStatus.STATE_RUNNING)


def test_compressed_pictures_are_taken(world: Any, stub: Any) -> None:
    rig = Rig(world, stub, {"cameras.side.transport": "compressed"})
    data = jpeg(np.full((HEIGHT, WIDTH, 3), 200, dtype=np.uint8), 90)

    def send(stamp_ns: int) -> None:
        message = CompressedImage(format="jpeg", data=data)
        message.header.stamp = time_message(stamp_ns)
        rig.cameras["side"].publish(message)

    rig.feeds["side"] = send
    rig.activate()
    rig.until(lambda: rig.stub.seen, "an observation")
    assert abs(int(rig.stub.seen[0].images["side"].mean()) - 200) < 3
