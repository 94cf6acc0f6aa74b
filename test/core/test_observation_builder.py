"""Observations come from fresh, valid data only; what is missing is said stream by stream."""

from dataclasses import replace

import pytest

from pi0_ros.core.errors import ConfigurationError, ObservationNotReady
from pi0_ros.core.observation_config import ObservationConfig

from .feed import CONFIG, MS, NAMES, NOW, Feed


def test_capture_time_is_the_oldest_of_the_newest_pictures(feed):
    feed.image("main", 0, shade=1)
    feed.image("side", 10, shade=2)
    feed.image("main", 33, shade=3)
    feed.joints(33, 0.0, 0.0)
    observation = feed.build(40)
    assert observation.stamp_ns == NOW + 10 * MS
    assert list(observation.images) == ["main", "side"]
    assert [image[0, 0, 0] for image in observation.images.values()] == [3, 2]
    assert observation.instruction == "circle"


@pytest.mark.parametrize(
    ("capture_ms", "value"),
    [(41, 4.0), (44, 4.0), (45, 4.0), (46, 5.0), (50, 5.0), (94, 9.0), (90, 9.0)],
)
def test_joints_are_those_nearest_to_the_capture(feed, capture_ms, value):
    for stamp in range(0, 100, 10):
        feed.joints(stamp, stamp / 10, 0.0)
    for camera in ("main", "side"):
        feed.image(camera, capture_ms, at_ms=94)
    assert feed.build(94).positions.tolist() == [value, 0.0]


def test_pictures_older_than_all_joint_states_get_the_oldest_of_them(feed):
    feed.image("main", 0)
    feed.image("side", 0)
    feed.joints(50, 7.0, 8.0)
    assert feed.build(60).positions.tolist() == [7.0, 8.0]


def test_a_picture_as_old_as_allowed_gets_its_own_joints_at_1_khz():
    feed = Feed(replace(CONFIG, camera_max_age_s=2.0))
    feed.builder.set_instruction("circle", 0)
    feed.image("main", 0)
    feed.image("side", 0)
    for stamp in range(-5, 1990):
        feed.joints(stamp, float(stamp), 0.0)
    assert feed.build(1995).positions.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("joints_ms", [(-81, 140), (-300, 81)])
def test_pictures_without_joints_of_their_moment_are_a_problem_of_its_own(feed, joints_ms):
    before, after = joints_ms
    feed.joints(before, 1.0, 1.0)
    feed.image("main", 0)
    feed.image("side", 0)
    feed.joints(after, 2.0, 2.0)
    assert feed.problems(145) == (
        "joint_states: none near the oldest picture, 0.08 s away (at most joint_max_age, 0.08 s)",
    )
    with pytest.raises(ObservationNotReady, match="none near the oldest picture"):
        feed.build(145)


@pytest.mark.parametrize(("joints_ms", "value"), [((-80, 140), 1.0), ((-300, 80), 2.0)])
def test_joints_as_far_from_a_picture_as_allowed_are_its_own(feed, joints_ms, value):
    before, after = joints_ms
    feed.joints(before, 1.0, 0.0)
    feed.image("main", 0)
    feed.image("side", 0)
    feed.joints(after, 2.0, 0.0)
    assert feed.build(145).positions.tolist() == [value, 0.0]


def test_joints_are_mapped_by_name(feed):
    feed.all_at(0)
    feed.joints(5, 2.0, 9.0, 1.0, names=("joint_2", "gripper", "joint_1"))
    feed.image("main", 5)
    feed.image("side", 5)
    assert feed.build(5).positions.tolist() == [1.0, 2.0]


def test_every_missing_stream_is_named():
    feed = Feed()
    problems = feed.problems(0)
    assert [problem.split(":")[0] for problem in problems] == [
        "camera/main",
        "camera/side",
        "joint_states",
        "instruction",
    ]
    assert feed.builder.never_seen() == ("camera/main", "camera/side", "joint_states")
    with pytest.raises(ObservationNotReady) as caught:
        feed.build(0)
    assert caught.value.problems == problems
    feed.all_at(0)
    assert feed.builder.never_seen() == ()
    assert len(feed.problems(0)) == 1


@pytest.mark.parametrize(("age_ms", "stale"), [(79, ()), (81, ("joint_states",))])
def test_joints_go_stale(feed, age_ms, stale):
    feed.all_at(0)
    assert tuple(problem.split(":")[0] for problem in feed.problems(age_ms)) == stale


def test_cameras_go_stale_one_by_one(feed):
    feed.all_at(0)
    feed.image("side", 100)
    feed.joints(100, 0.0, 0.0)
    assert feed.problems(149) == ()
    (problem,) = feed.problems(151)
    assert problem.startswith("camera/main: stale, 0.15 s old (at most 0.15 s)")


def test_a_picture_that_comes_late_is_stale_by_its_stamp(feed):
    feed.all_at(0)
    feed.image("side", 30, at_ms=60)
    feed.image("main", 100)
    feed.image("main", 200)
    feed.joints(200, 0.0, 0.0)
    (problem,) = feed.problems(200)
    assert problem.startswith("camera/side: stale, 0.17 s")


def test_streams_go_stale_though_ros_time_stands_still(feed):
    feed.all_at(0)
    assert feed.problems(0) == ()
    feed.steady_lag_ms = 200
    assert len(feed.problems(0)) == 3


def test_a_clock_set_back_forgets_pictures_and_joints(feed):
    feed.all_at(0)
    feed.image("main", -500)
    assert [problem.split(":")[0] for problem in feed.problems(-500)] == [
        "camera/side",
        "joint_states",
    ]
    feed.image("side", -500)
    feed.joints(-500, 3.0, 3.0)
    assert feed.build(-490).positions.tolist() == [3.0, 3.0]


def test_a_clock_that_is_only_looked_at_is_noticed_too(feed):
    feed.all_at(0)
    assert len(feed.problems(-101)) == 3


def test_callers_a_little_out_of_step_forget_nothing(feed):
    feed.all_at(0)
    assert feed.problems(-99) == ()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"cameras": ()}, "camera_names"),
        ({"cameras": ("main", "main")}, "camera_names"),
        ({"joint_names": ("",)}, "joint_names"),
        ({"camera_max_age_s": 0.0}, "camera_max_age_s"),
        ({"joint_max_age_s": float("nan")}, "joint_max_age_s"),
    ],
)
def test_an_impossible_configuration_is_named(changes, named):
    with pytest.raises(ConfigurationError, match=named):
        ObservationConfig(**{"cameras": ("main",), "joint_names": NAMES, **changes})


def test_an_observation_cannot_be_changed(feed):
    feed.all_at(0)
    observation = feed.build(0)
    with pytest.raises(TypeError):
        observation.images["main"] = None
    with pytest.raises(ValueError, match="read-only"):
        observation.positions[0] = 1.0
