"""When chunks are made, and when they are dropped; without ROS."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from pi0_ros.core.errors import InputRefused, PolicyLost

from .inference_rig import PICTURE, STEP_NS, Rig


@pytest.fixture
def rig(stub: Any) -> Iterator[Rig]:
    made = Rig(stub)
    made.thread.take_instruction("pick")
    yield made
    made.thread.end(5.0)
    assert not made.listener.fatal


def test_nothing_is_inferred_before_activation(rig: Rig) -> None:
    rig.observe()
    rig.beat()

    assert not rig.stub.seen


def test_a_chunk_carries_the_capture_time_and_counts_up(rig: Rig) -> None:
    rig.thread.activate()
    first, second = rig.next_chunk(), rig.next_chunk()

    assert first.chunk.stamp_ns == rig.stub.seen[0].stamp_ns
    assert (first.chunk.sequence, second.chunk.sequence) == (1, 2)
    assert first.chunk.epoch == second.chunk.epoch
    assert abs(first.chunk.epoch - time.time()) < 60
    assert first.instruction == "pick"


def test_the_same_observation_makes_one_chunk(rig: Rig) -> None:
    rig.thread.activate()
    rig.next_chunk()
    rig.beat()

    assert len(rig.stub.seen) == 1


def test_one_camera_of_two_is_no_new_set(stub: Any) -> None:
    rig = Rig(stub, ("main", "side"))
    rig.thread.take_instruction("pick")
    rig.thread.activate()
    rig.next_chunk()
    now_ns, steady_ns = time.time_ns(), time.monotonic_ns()
    rig.builder.add_image("main", now_ns, PICTURE, now_ns, steady_ns)
    rig.beat()
    assert len(rig.stub.seen) == 1
    rig.next_chunk()
    rig.thread.end(5.0)


def test_pictures_that_came_faster_than_wanted_are_used_late_if_none_follow(stub: Any) -> None:
    rig = Rig(stub, rate_hz=20.0)
    rig.thread.take_instruction("pick")
    rig.thread.activate()
    newest = [rig.next_chunk().chunk.stamp_ns for _ in range(4)]
    # Two at once, then each two periods after it was first allowed.
    assert newest == sorted(set(newest))
    assert newest[-1] - newest[0] >= 50_000_000
    rig.thread.end(5.0)


def test_a_new_instruction_begins_an_epoch_and_the_same_one_does_not(rig: Rig) -> None:
    rig.thread.activate()
    before = rig.next_chunk().chunk.epoch
    rig.thread.take_instruction(" pick ")
    assert rig.next_chunk().chunk.epoch == before

    rig.thread.take_instruction("place")
    after = rig.next_chunk()
    assert (after.chunk.epoch, after.instruction) == (before + 1, "place")


def test_a_chunk_of_the_old_instruction_is_dropped(rig: Rig) -> None:
    under_way, go_on = threading.Event(), threading.Event()
    answer = rig.stub.answers

    def slowly(observation: Any) -> Any:
        under_way.set()
        assert go_on.wait(5.0)
        return answer(observation)

    rig.stub.answers = slowly
    rig.thread.activate()
    rig.observe()
    assert under_way.wait(5.0)
    rig.thread.take_instruction("place")
    rig.stub.answers = answer
    go_on.set()

    assert rig.next_chunk().instruction == "place"
    assert [inferred.instruction for inferred in rig.listener.chunks] == ["place"]


def test_a_chunk_that_is_ready_after_deactivation_is_dropped(rig: Rig) -> None:
    under_way, go_on = threading.Event(), threading.Event()
    answer = rig.stub.answers

    def slowly(observation: Any) -> Any:
        under_way.set()
        assert go_on.wait(5.0)
        return answer(observation)

    rig.stub.answers = slowly
    rig.thread.activate()
    rig.observe()
    assert under_way.wait(5.0)
    rig.thread.deactivate()
    go_on.set()
    rig.beat()

    assert not rig.listener.chunks


def test_epochs_rise_over_activations(rig: Rig) -> None:
    rig.thread.activate()
    first = rig.next_chunk().chunk.epoch
    rig.thread.deactivate()
    rig.thread.activate()

    assert rig.next_chunk().chunk.epoch > first


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (np.full((10, 6), np.nan), "60 of 60 values"),
        (np.zeros((10, 5)), "shape (10, 6), got (10, 5)"),
        (np.zeros((0, 6)), "got (0, 6)"),
    ],
)
def test_bad_output_is_not_published_and_stops_counting_as_well_with_the_second(
    rig: Rig, bad: Any, words: str
) -> None:
    good = rig.stub.answers
    rig.thread.activate()
    rig.next_chunk()

    rig.stub.answers = lambda observation: bad
    rig.observe()
    rig.listener.until(lambda: len(rig.listener.failures) == 1, "a failure")
    assert words in rig.listener.failures[0]
    assert rig.problem == ""
    rig.observe()
    rig.listener.until(lambda: len(rig.listener.failures) == 2, "a second failure")
    assert "2 times in a row" in rig.problem
    assert len(rig.listener.chunks) == 1

    rig.stub.answers = good
    rig.next_chunk()
    assert rig.problem == ""


def test_an_instruction_is_checked_by_the_policy_too(rig: Rig) -> None:
    def refuse(text: str) -> None:
        raise InputRefused("instruction too long", text)

    rig.stub.refuses = refuse
    rig.thread.take_instruction("place")
    rig.thread.take_instruction("")

    assert rig.listener.refused == ["instruction too long", "empty"]
    assert rig.builder.instruction == "pick"
    assert rig.builder.refused_by_kind() == {
        "instruction: instruction too long": 1,
        "instruction: empty": 1,
    }


@pytest.mark.parametrize("error", [KeyError("a mistake"), PolicyLost("cuda:0: device lost")])
def test_a_defect_or_a_lost_device_is_told_and_ends_the_thread(stub: Any, error: Exception) -> None:
    def defect(observation: Any) -> Any:
        raise error

    stub.answers = defect
    rig = Rig(stub)
    rig.thread.take_instruction("pick")
    rig.thread.activate()
    rig.observe()

    rig.listener.until(lambda: rig.listener.fatal, "the error")
    assert rig.listener.fatal == [error]
    rig.thread.end(5.0)


def test_an_inference_under_way_shows_since_when(rig: Rig) -> None:
    under_way, go_on = threading.Event(), threading.Event()
    answer = rig.stub.answers

    def slowly(observation: Any) -> Any:
        under_way.set()
        assert go_on.wait(5.0)
        return answer(observation)

    rig.stub.answers = slowly
    rig.thread.activate()
    rig.observe()
    assert under_way.wait(5.0)

    busy_since_ns = rig.thread.view(time.monotonic_ns()).busy_since_ns
    assert busy_since_ns is not None
    assert busy_since_ns <= time.monotonic_ns()
    go_on.set()
    rig.listener.until(lambda: rig.listener.chunks, "a chunk")
    rig.beat()
    assert rig.thread.view(time.monotonic_ns()).busy_since_ns is None


def test_the_policy_is_told_the_epoch_and_when_its_chunk_will_be_there(rig: Rig) -> None:
    rig.thread.activate()
    chunks = [rig.next_chunk().chunk for _ in range(3)]
    rig.thread.take_instruction("place")
    chunks.append(rig.next_chunk().chunk)

    seen = rig.stub.seen
    assert [one.epoch for one in seen] == [chunk.epoch for chunk in chunks]
    assert [one.time is None or one.time.until_takeover is None for one in seen] == [
        True,
        *[False] * 3,
    ]
    counted = [one.time.captured for one in seen if one.time]
    assert counted == sorted(counted)
    assert all(0.0 <= one.time.until_takeover < 5e9 / STEP_NS for one in seen[1:] if one.time)


def test_a_chunk_that_is_not_published_is_no_measurement(rig: Rig) -> None:
    rig.thread.activate()
    rig.stub.answers = lambda _: np.full((2, 6), np.nan)
    rig.observe()
    rig.listener.until(lambda: rig.listener.failures, "a failure")
    rig.observe()
    rig.listener.until(lambda: len(rig.listener.failures) > 1, "another")

    assert rig.stub.seen[-1].time.until_takeover is None


def test_chunks_that_are_long_in_coming_get_a_longer_step_and_it_is_told(rig: Rig) -> None:
    rig.thread.activate()
    assert rig.next_chunk().chunk.step_ns == STEP_NS
    rig.thread.activate()
    late_ns = STEP_NS * (rig.stub.description.horizon - 3)
    assert rig.next_chunk(late_ns).chunk.step_ns > 1.5 * STEP_NS
    assert rig.thread.view(time.monotonic_ns()).stretch > 1.5
    rig.thread.activate()
    assert rig.thread.view(time.monotonic_ns()).stretch == 1.0


def test_after_a_time_without_an_observation_nothing_plays_on(rig: Rig) -> None:
    rig.thread.activate()
    rig.next_chunk()
    rig.next_chunk()
    assert rig.stub.seen[-1].time.until_takeover is not None
    now_ns = time.time_ns()
    # Too old to be observed, but new.
    rig.builder.add_image("main", now_ns, PICTURE, now_ns, time.monotonic_ns() - 61_000_000_000)
    rig.beat()
    # A camera that was lost is trusted again after some pictures.
    count = len(rig.stub.seen)
    for _ in range(20):
        rig.observe()
        rig.beat()
    assert [one.time.until_takeover is None for one in rig.stub.seen[count : count + 2]] == [
        True,
        False,
    ]
