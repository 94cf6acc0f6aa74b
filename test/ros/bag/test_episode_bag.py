"""A bag is whole or not there; nothing that is put into it waits for the disk."""

import errno
from pathlib import Path
from typing import Any

import pytest
import yaml
from rosbags.rosbag2 import Reader, Writer

from pi0_ros.ros.bag.episode_bag import Channel, EpisodeBag, Storage

STRINGS = Channel("/left/instruction", "std_msgs/msg/String", ())
STAMPS = Channel("/clock", "rosgraph_msgs/msg/Clock", ())


def message(size: int, letter: bytes = b"x") -> bytes:
    return b"\0\1\0\0" + letter * size


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_it_holds_every_message_with_its_time_in_order(tmp_path: Path, storage: Storage) -> None:
    bag = EpisodeBag(tmp_path / "bag", storage, {"task": "go"})
    # More than one chunk of an MCAP file.
    put = [
        (STRINGS if number % 3 else STAMPS, 1000 + number, message(50_000, b"%d" % (number % 10)))
        for number in range(60)
    ]
    for entry in put:
        bag.put(*entry)
    assert bag.finish() == ""
    with Reader(tmp_path / "bag") as reader:
        read = [(entry.topic, time_ns, data) for entry, time_ns, data in reader.messages()]
    described = yaml.safe_load((tmp_path / "bag/metadata.yaml").read_text())
    assert described["rosbag2_bagfile_information"]["custom_data"] == {"task": "go"}
    assert read == [(channel.name, time_ns, data) for channel, time_ns, data in put]


def test_more_than_may_wait_makes_it_fail_and_leaves_nothing(tmp_path: Path) -> None:
    bag = EpisodeBag(tmp_path / "bag", "mcap", {}, most_waiting_bytes=1000)
    bag.put(STRINGS, 1, message(100))
    bag.put(STRINGS, 2, message(1000))
    assert "did not keep up" in bag.failure
    bag.put(STRINGS, 3, message(100))
    assert "did not keep up" in bag.finish()
    assert not (tmp_path / "bag").exists()


def test_what_was_written_no_longer_waits(tmp_path: Path) -> None:
    bag = EpisodeBag(tmp_path / "bag", "mcap", {}, most_waiting_bytes=1000)
    for number in range(20):
        bag.put(STRINGS, number, message(600))
        with bag._changed:
            assert bag._changed.wait_for(lambda: not bag._waiting_bytes, 10.0)
    assert bag.finish() == ""


def test_a_disk_that_is_nearly_full_makes_it_fail(tmp_path: Path) -> None:
    bag = EpisodeBag(tmp_path / "bag", "mcap", {}, least_free_bytes=1 << 62)
    bag.put(STRINGS, 1, message(10))
    assert "the disk is full" in bag.finish()
    assert not (tmp_path / "bag").exists()


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, storage: Storage) -> None:
    (tmp_path / "file").touch()
    bag = EpisodeBag(tmp_path / "file" / "bag", storage, {})
    bag.put(STRINGS, 1, message(10))
    assert "could not be written" in bag.finish()


def test_a_write_that_fails_midway_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Writer.write

    def write(writer: Writer, connection: Any, time_ns: int, data: bytes) -> None:
        if time_ns == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(writer, connection, time_ns, data)

    monkeypatch.setattr(Writer, "write", write)
    bag = EpisodeBag(tmp_path / "bag", "mcap", {})
    bag.put(STRINGS, 1, message(10))
    bag.put(STRINGS, 2, message(10))
    assert "No space left" in bag.finish()
    assert not (tmp_path / "bag").exists()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_nobody_foresaw_makes_it_fail_as_well(tmp_path: Path) -> None:
    bag = EpisodeBag(tmp_path / "bag", "mcap", {})
    bag.put(Channel("/x", "no_such_msgs/msg/Thing", ()), 1, b"")
    assert "its writer broke" in bag.finish()
    assert not (tmp_path / "bag").exists()


def test_a_clock_that_is_set_back_makes_it_fail(tmp_path: Path) -> None:
    bag = EpisodeBag(tmp_path / "bag", "mcap", {})
    bag.put(STRINGS, 2, message(10))
    bag.put(STRINGS, 1, message(10))
    assert "set back" in bag.finish()
    assert not (tmp_path / "bag").exists()


def test_one_that_is_abandoned_leaves_nothing(tmp_path: Path) -> None:
    bag = EpisodeBag(tmp_path / "bag", "sqlite3", {})
    bag.put(STRINGS, 1, message(10))
    bag.abandon()
    assert not (tmp_path / "bag").exists()
