"""A camera that froze or came back after a gap is told from one that shows what is."""

import pytest

from pi0_ros.core.errors import ConfigurationError, ObservationNotReady
from pi0_ros.core.observation_config import ObservationConfig

from .feed import CONFIG, NAMES, Feed, refusal


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
    assert refusal(feed.image, "side", 266) == "duplicate"
    assert "camera/side: 5 more good pictures wanted after a gap" in feed.problems(266)
    feed.image("side", 300)
    feed.builder.refuse("camera/side", "encoding")
    assert "camera/side: 5 more good pictures wanted after a gap" in feed.problems(300)


def test_a_refused_picture_of_a_good_camera_costs_nothing(feed):
    feed.all_at(0)
    feed.builder.refuse("camera/side", "encoding")
    assert feed.problems(0) == ()


def _frozen_at(feed: Feed, speed: float, until_ms: int, noise: float = 0.0) -> int | None:
    """When the side camera, which never changes, is found out; the main one shows motion."""
    for at_ms in range(0, until_ms, 10):
        feed.joints(at_ms, speed * at_ms / 1000 + noise * (-1) ** (at_ms // 10), 0.0)
        if at_ms % 30 == 0:
            feed.image("side", at_ms, shade=9)
            feed.image("main", at_ms, shade=at_ms // 30 % 250)
        if feed.builder.frozen():
            return at_ms
    return None


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
        feed.joints(at_ms, *feed.position)
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
