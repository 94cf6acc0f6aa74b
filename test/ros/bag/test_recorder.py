"""Which bags are kept, and what is said of those that are not."""

from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from pi0_ros.core.errors import DatasetError
from pi0_ros.policy.dataset.bag_folder import BagFolder
from pi0_ros.ros import topics
from pi0_ros.ros.bag import episode_bag
from pi0_ros.ros.bag.episode_bag import Channel
from pi0_ros.ros.bag.recorder import BagRecorder
from pi0_ros.ros.topics import Topic

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def bags(tmp_path: Path) -> BagFolder:
    return BagFolder(tmp_path / "set")


@pytest.fixture
def recorder(bags: BagFolder) -> Iterator[BagRecorder]:
    with BagRecorder(bags, "mcap", window_s=1.0, episode_s=10.0) as opened:
        opened.join(channel, dict)
        yield opened


def channel(topic: Topic) -> Channel:
    return Channel(f"/{topic.name}", topic.type, ())


def names(bags: BagFolder) -> list[str]:
    return sorted(path.name for path in bags.path.glob("episode*"))


def record(recorder: BagRecorder, episode: int, size: int = 10) -> None:
    now_ns = 10_000_000_000 * (episode + 1)
    recorder.heard(topics.INSTRUCTION, now_ns, bytes(size))
    recorder.begin(episode)
    recorder.frame(now_ns, now_ns + 1)


def test_a_bag_is_in_its_place_once_its_episode_is_kept_and_not_before(
    recorder: BagRecorder, bags: BagFolder
) -> None:
    record(recorder, 7)
    recorder.finish()
    assert names(bags) == []
    assert "MB" in recorder.keep(7)
    assert names(bags) == ["episode_000007"]
    record(recorder, 8)
    recorder.drop()
    assert names(bags) == ["episode_000007"]
    assert not bags.staged(8).exists()


def test_an_episode_whose_bag_failed_is_told_and_the_next_has_one(
    recorder: BagRecorder, bags: BagFolder
) -> None:
    record(recorder, 0, size=episode_bag.MOST_WAITING_BYTES)
    assert "did not keep up" in recorder.failure
    recorder.finish()
    assert recorder.keep(0).startswith("NO BAG: the disk did not keep up")
    record(recorder, 1)
    recorder.finish()
    recorder.keep(1)
    assert names(bags) == ["episode_000001"]
    assert (recorder.kept, recorder.lost) == (1, 1)
    assert "1 episodes have NO BAG" in recorder.summary()


def test_one_that_cannot_be_moved_is_told(recorder: BagRecorder, bags: BagFolder) -> None:
    record(recorder, 0)
    recorder.finish()
    (bags.of(0) / "in the way").mkdir(parents=True)
    assert "NO BAG: it cannot be moved" in recorder.keep(0)
    assert recorder.lost == 1


def test_an_episode_for_which_there_is_no_room_is_refused_before_it_begins(
    recorder: BagRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The seconds at the ends are not whole.
    for second, size in enumerate((1, 90_000_000, 110_000_000, 2)):
        recorder._flow.take(size, second + 0.5)

    def left(gigabytes: float) -> None:
        free = round(gigabytes * 1e9)
        monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(free, 0, free))

    # 1 GB that stays free, and 10 s of 100 MB.
    left(2.1)
    assert recorder.announce().startswith("2.1 GB left, 100.0 MB/s")
    left(1.9)
    with pytest.raises(DatasetError, match=r"1\.9 GB are left .* wants 2\.0 GB"):
        recorder.announce()


def test_what_is_under_way_at_the_end_leaves_nothing(bags: BagFolder) -> None:
    with BagRecorder(bags, "sqlite3", window_s=1.0) as recorder:
        recorder.join(channel, dict)
        record(recorder, 0)
    assert not bags.path.exists()
