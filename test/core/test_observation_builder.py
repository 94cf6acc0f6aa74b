"""Observations come from fresh, valid data only; what is missing is said stream by stream."""

from dataclasses import replace

import numpy as np
import pytest

from pi0_ros.core.errors import ConfigurationError, InputRefused, ObservationNotReady
from pi0_ros.core.observation_builder import ObservationBuilder
from pi0_ros.core.observation_config import ObservationConfig

MS = 1_000_000
NOW = 1_000_000 * MS
NAMES = ("joint_1", "joint_2")
CONFIG = ObservationConfig(cameras=("main", "side"), joint_names=NAMES, image_shape=(2, 3))


class Feed:
    """A builder and shorthands; times in ms, ROS time and steady time in step unless bent."""

    def __init__(self, config: ObservationConfig = CONFIG) -> None:
        self.builder = ObservationBuilder(config)
        self.steady_lag_ms = 0.0

    def clocks(self, at_ms: float) -> tuple[int, int]:
        return NOW + round(at_ms * MS), round((at_ms + self.steady_lag_ms) * MS)

    def image(self, camera: str, stamp_ms: float, at_ms: float | None = None, shade: int = 0):
        pixels = np.full((2, 3, 3), shade, dtype=np.uint8)
        clocks = self.clocks(stamp_ms if at_ms is None else at_ms)
        self.builder.add_image(camera, NOW + round(stamp_ms * MS), pixels, *clocks)

    def joints(self, stamp_ms: float, *values: float, at_ms: float | None = None, names=NAMES):
        clocks = self.clocks(stamp_ms if at_ms is None else at_ms)
        self.builder.add_joint_state(NOW + round(stamp_ms * MS), names, values, *clocks)

    def all_at(self, at_ms: float) -> None:
        for camera in CONFIG.cameras:
            self.image(camera, at_ms)
        self.joints(at_ms, 0.0, 0.0)

    def build(self, at_ms: float):
        return self.builder.build(*self.clocks(at_ms))

    def problems(self, at_ms: float) -> tuple[str, ...]:
        return self.builder.problems(*self.clocks(at_ms))


@pytest.fixture
def feed() -> Feed:
    feed = Feed()
    feed.builder.set_instruction("circle", 0)
    return feed


def _refusal(call, *arguments, **named) -> str:
    with pytest.raises(InputRefused) as caught:
        call(*arguments, **named)
    return caught.value.kind


# ---- what an observation consists of ----


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


# ---- what is missing or stale ----


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


# ---- what is refused ----


def test_refused_stamps_are_counted_by_kind_and_change_nothing(feed):
    feed.all_at(0)
    assert _refusal(feed.image, "main", 0) == "duplicate"
    assert _refusal(feed.image, "main", -20, at_ms=0) == "older"
    assert _refusal(feed.image, "main", 60, at_ms=0) == "future"
    assert _refusal(feed.joints, 60, 0.0, 0.0, at_ms=0) == "future"
    assert _refusal(feed.joints, 10, 0.0) == "length"
    assert _refusal(feed.joints, 10, 0.0, float("nan")) == "not finite"
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
    assert _refusal(feed.builder.add_image, "main", NOW, pixels, NOW, 0) == "size"
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


# ---- instruction ----


def test_an_instruction_tells_whether_it_is_new(feed):
    assert not feed.builder.set_instruction(" circle ", 0)
    assert feed.builder.set_instruction("stop", 0)
    assert feed.builder.instruction == "stop"


def test_a_refused_instruction_leaves_the_old_one(feed):
    for text, kind in (("", "empty"), ("x" * 513, "too long"), ("a\x00", "control character")):
        assert _refusal(feed.builder.set_instruction, text, 0) == kind
    assert feed.builder.instruction == "circle"
    assert feed.builder.statistics(0)[-1].refused == 3


def test_an_instruction_does_not_go_stale(feed):
    feed.all_at(10_000_000)
    assert feed.problems(10_000_000) == ()


# ---- counters ----


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
    _refusal(feed.image, "main", 0)
    feed.builder.refuse("instruction", "broken")
    feed.builder.restart_counters()
    assert feed.builder.refused_by_kind() == {}
    assert all((one.received, one.refused) == (0, 0) for one in feed.builder.statistics(0))
    assert feed.problems(0) == ()


# ---- clocks ----


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


# ---- configuration ----


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


# ---- a camera that failed ----


def test_after_a_gap_five_good_pictures_in_a_row_are_wanted(feed):
    feed.all_at(0)
    for number, at_ms in enumerate((200, 233, 266, 300, 333)):
        feed.joints(at_ms, 0.0, 0.0)
        feed.image("side", at_ms, shade=number)
        feed.image("main", at_ms - 60, at_ms=at_ms, shade=number)
        if number < 4:
            expected = f"camera/side: {4 - number} more good pictures wanted after a gap"
            assert expected in feed.problems(at_ms)
    assert feed.problems(333) == ()


def test_a_refused_picture_begins_the_count_anew(feed):
    feed.all_at(0)
    for at_ms in (200, 233, 266):
        feed.image("side", at_ms)
    assert _refusal(feed.image, "side", 266) == "duplicate"
    assert "camera/side: 5 more good pictures wanted after a gap" in feed.problems(266)
    feed.image("side", 300)
    feed.builder.refuse("camera/side", "encoding")
    assert "camera/side: 5 more good pictures wanted after a gap" in feed.problems(300)


def test_a_refused_picture_of_a_good_camera_costs_nothing(feed):
    feed.all_at(0)
    feed.builder.refuse("camera/side", "encoding")
    assert feed.problems(0) == ()


def test_a_frozen_camera_is_found_within_a_second_of_motion(feed):
    found_ms = _frozen_at(feed, speed=0.5, until_ms=1000)
    assert found_ms is not None
    assert 600 <= found_ms <= 700
    (problem,) = feed.builder.frozen()
    assert problem.startswith("camera/side: frozen")
    with pytest.raises(ObservationNotReady, match="camera/side: frozen"):
        feed.build(found_ms)


def test_a_still_picture_of_a_still_arm_is_good(feed):
    assert _frozen_at(feed, speed=0.0, until_ms=5000) is None


def test_noise_of_encoders_is_no_motion(feed):
    assert _frozen_at(feed, speed=0.0, until_ms=5000, noise=0.004) is None


def test_a_frozen_camera_is_good_again_with_another_picture(feed):
    found_ms = _frozen_at(feed, speed=0.5, until_ms=1000)
    feed.image("side", found_ms + 5, shade=77)
    assert feed.builder.frozen() == ()


def test_a_frozen_camera_is_forgiven_once_the_arm_stands(feed):
    """Otherwise a latched controller could never be reset: at rest all pictures are equal."""
    found_ms = _frozen_at(feed, speed=0.5, until_ms=1000)
    for at_ms in range(found_ms + 10, found_ms + 1200, 10):
        feed.joints(at_ms, *_LAST)
        if at_ms % 30 == 0:
            feed.image("side", at_ms, shade=9)
            feed.image("main", at_ms, shade=9)
    assert feed.builder.frozen() == ()


def test_watching_for_frozen_cameras_can_be_switched_off():
    config = ObservationConfig(CONFIG.cameras, NAMES, (2, 3), camera_frozen_after_s=0.0)
    assert _frozen_at(Feed(config), speed=0.5, until_ms=5000) is None


@pytest.mark.parametrize("seconds", [-0.1, float("nan"), float("inf")])
def test_a_time_after_which_a_camera_is_frozen_must_make_sense(seconds):
    with pytest.raises(ConfigurationError, match="camera_frozen_after"):
        ObservationConfig(CONFIG.cameras, NAMES, camera_frozen_after_s=seconds)


_LAST = [0.0, 0.0]


def _frozen_at(feed: Feed, speed: float, until_ms: int, noise: float = 0.0) -> int | None:
    """When the side camera, which never changes, is found out; the main one shows motion."""
    for at_ms in range(0, until_ms, 10):
        _LAST[:] = [speed * at_ms / 1000 + noise * (-1) ** (at_ms // 10), 0.0]
        feed.joints(at_ms, *_LAST)
        if at_ms % 30 == 0:
            feed.image("side", at_ms, shade=9)
            feed.image("main", at_ms, shade=at_ms // 30 % 250)
        if feed.builder.frozen():
            return at_ms
    return None
