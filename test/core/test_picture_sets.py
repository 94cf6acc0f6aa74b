"""A set is a new picture of every camera, and those that belong together."""

import threading
import time

import pytest

from pi0_ros.core import picture_sets
from pi0_ros.core.picture_sets import PictureSets

MS = 1_000_000
CAMERAS = ("main", "side", "top")


class _Clock:
    """Time that passes only where a test lets it."""

    def __init__(self) -> None:
        self.now_ns = 5_000 * MS

    def monotonic_ns(self) -> int:
        return self.now_ns


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    clock = _Clock()
    monkeypatch.setattr(picture_sets, "time", clock)
    return clock


class _Feed:
    """Pictures that come when they are taken; a set is used as soon as there is one."""

    def __init__(self, clock: _Clock) -> None:
        self.clock = clock
        self.began_ns = clock.now_ns
        self.sets = PictureSets(CAMERAS)
        self.newest: dict[str, int] = {}

    def used(self, pictures: list[tuple[int, str]], until_ms: int) -> list[dict[str, int]]:
        """Args:
        pictures: (ms, camera), in the order of time.
        """
        taken = []
        for now_ms in range(until_ms):
            self.clock.now_ns = self.began_ns + now_ms * MS
            for camera in [camera for at_ms, camera in pictures if at_ms == now_ms]:
                self.newest[camera] = now_ms
                self.sets.came(camera, now_ms * MS, self.clock.now_ns)
            if self.is_there():
                taken.append(dict(self.newest))
                self.sets.take()
        return taken

    def is_there(self) -> bool:
        return self.sets.wait(self.clock.now_ns)


@pytest.fixture
def feed(clock: _Clock) -> _Feed:
    return _Feed(clock)


def free_running(phases_ms: tuple[int, int, int], count: int) -> list[tuple[int, str]]:
    """Three cameras, a picture each 33 ms."""
    return [
        (33 * number + phase, camera)
        for number in range(count)
        for phase, camera in zip(phases_ms, CAMERAS, strict=True)
    ]


@pytest.mark.parametrize("phases_ms", [(0, 0, 0), (0, 2, 4), (0, 11, 22), (5, 20, 21)])
def test_every_period_has_its_set_when_the_last_camera_delivers(
    feed: _Feed, phases_ms: tuple[int, int, int]
) -> None:
    taken = feed.used(free_running(phases_ms, 5), 170)
    expected = [
        {camera: 33 * number + phase for camera, phase in zip(CAMERAS, phases_ms, strict=True)}
        for number in range(5)
    ]
    assert taken == expected


def test_no_picture_is_used_twice_in_a_row(feed: _Feed) -> None:
    feed.used(free_running((0, 2, 4), 1), 5)
    more = [(33, "main"), (35, "side"), (66, "main"), (68, "side")]
    assert feed.used(more, 100) == []


def test_a_lost_picture_does_not_mix_the_sets_that_follow(feed: _Feed) -> None:
    pictures = free_running((0, 2, 4), 8)
    pictures.remove((35, "side"))
    taken = feed.used(pictures, 240)
    assert [max(one.values()) - min(one.values()) for one in taken] == [4] * 7


def test_a_set_begun_in_the_wrong_place_is_put_right(feed: _Feed) -> None:
    pictures = [(4, "top"), *free_running((33, 35, 37), 6)]
    taken = feed.used(pictures, 240)
    assert max(taken[0].values()) - min(taken[0].values()) == 31
    assert all(max(one.values()) - min(one.values()) == 4 for one in taken[1:])


def test_a_set_that_stays_apart_waits_a_little_and_no_longer(feed: _Feed) -> None:
    feed.used(free_running((0, 0, 0), 3), 70)
    # From now on one of them is late, and will be.
    assert feed.used([(99, "main"), (99, "side"), (118, "top")], 127) == []
    assert feed.used([], 130) == [{"main": 99, "side": 99, "top": 118}]


def test_after_a_step_of_the_clock_all_pictures_are_new(feed: _Feed) -> None:
    feed.used([(0, "main"), (0, "side")], 1)
    feed.sets.forget()
    assert feed.used([(1, "top")], 2) == []
    assert len(feed.used([(2, "main"), (2, "side"), (2, "top")], 3)) == 1


def test_the_wait_ends_in_time_without_a_set() -> None:
    assert not PictureSets(CAMERAS).wait(time.monotonic_ns() + MS)


def test_the_last_picture_ends_the_wait() -> None:
    sets, found = PictureSets(("main",)), []
    waiting = threading.Thread(
        target=lambda: found.append(sets.wait(time.monotonic_ns() + 10_000 * MS))
    )
    waiting.start()
    sets.came("main", 1, time.monotonic_ns())
    waiting.join(5.0)
    assert found == [True]
