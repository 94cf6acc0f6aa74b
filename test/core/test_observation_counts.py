"""What is refused is counted by its kind; the instruction; figures for the status."""

import numpy as np
import pytest

from .feed import MS, NOW, Feed, refusal


def test_refused_stamps_are_counted_by_kind_and_change_nothing(feed):
    feed.all_at(0)
    assert refusal(feed.image, "main", 0) == "duplicate"
    assert refusal(feed.image, "main", -20, at_ms=0) == "older"
    assert refusal(feed.image, "main", 60, at_ms=0) == "future"
    assert refusal(feed.joints, 60, 0.0, 0.0, at_ms=0) == "future"
    assert refusal(feed.joints, 10, 0.0) == "length"
    assert refusal(feed.joints, 10, 0.0, float("nan")) == "not finite"
    assert feed.build(0).stamp_ns == NOW
    assert feed.builder.refused_by_kind() == {
        "camera/main: duplicate": 1,
        "camera/main: older": 1,
        "camera/main: future": 1,
        "joint_states: future": 1,
        "joint_states: length": 1,
        "joint_states: not finite": 1,
    }
    main, side, joints, _ = feed.builder.statistics(0)
    assert (main.refused, side.refused, joints.refused) == (3, 0, 3)


def test_a_picture_of_another_size_is_refused(feed):
    pixels = np.zeros((3, 2, 3), dtype=np.uint8)
    assert refusal(feed.builder.add_image, "main", NOW, pixels, NOW, 0) == "size"
    assert feed.builder.refused_by_kind() == {"camera/main: size": 1}
    assert "camera/main" in feed.builder.never_seen()


def test_messages_refused_elsewhere_are_counted_here(feed):
    feed.builder.refuse("camera/side", "encoding")
    feed.builder.refuse("joint_states", "broken")
    feed.builder.refuse("instruction", "broken")
    assert feed.builder.refused_by_kind() == {
        "camera/side: encoding": 1,
        "joint_states: broken": 1,
        "instruction: broken": 1,
    }
    assert [one.refused for one in feed.builder.statistics(0)] == [0, 1, 1, 1]


def test_an_instruction_tells_whether_it_is_new(feed):
    assert not feed.builder.set_instruction(" circle ", 0)
    assert feed.builder.set_instruction("stop", 0)
    assert feed.builder.instruction == "stop"


def test_a_refused_instruction_leaves_the_old_one(feed):
    for text, kind in (("", "empty"), ("x" * 513, "too long"), ("a\x00", "control character")):
        assert refusal(feed.builder.set_instruction, text, 0) == kind
    assert feed.builder.instruction == "circle"
    assert feed.builder.statistics(0)[-1].refused == 3


def test_an_instruction_does_not_go_stale(feed):
    feed.all_at(10_000_000)
    assert feed.problems(10_000_000) == ()


def test_statistics_name_streams_in_configured_order(feed):
    feed.all_at(0)
    statistics = feed.builder.statistics(30 * MS)
    assert [one.name for one in statistics] == [
        "camera/main",
        "camera/side",
        "joint_states",
        "instruction",
    ]
    assert [one.age_s for one in statistics] == pytest.approx([0.03] * 4)
    assert [one.received for one in statistics] == [1, 1, 1, 1]
    assert Feed().builder.statistics(0)[-1].age_s == -1.0


def test_dropped_pictures_are_counted_by_gaps(feed):
    for stamp in (0, 33, 66, 165):
        feed.image("main", stamp)
    assert feed.builder.statistics(0)[0].dropped == 2


def test_counters_restart_and_data_stays(feed):
    feed.all_at(0)
    refusal(feed.image, "main", 0)
    feed.builder.refuse("instruction", "broken")
    feed.builder.restart_counters()
    assert feed.builder.refused_by_kind() == {}
    assert all((one.received, one.refused) == (0, 0) for one in feed.builder.statistics(0))
    assert feed.problems(0) == ()
