"""One rosbag2, written by a thread of its own."""

import shutil
import sqlite3
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rosbags.interfaces import Connection, Qos
from rosbags.rosbag2 import StoragePlugin, Writer, WriterError

from pi0_ros.ros.bag.definitions import definition

Storage = Literal["mcap", "sqlite3"]

# Three seconds of three raw cameras of 640x480 at 30 Hz.
MOST_WAITING_BYTES = 256_000_000
# The dataset's episode is still to be saved onto what is left.
LEAST_FREE_BYTES = 500_000_000
_LOOK_EVERY_BYTES = 64_000_000
# Of ROS 2 Jazzy and Kilted.
_METADATA_VERSION: Literal[9] = 9


@dataclass(frozen=True, slots=True)
class Channel:
    """A topic in a bag.

    Attributes:
        name: resolved, with its namespace.
        type: "<package>/msg/<Type>".
        offered: by its publishers.
    """

    name: str
    type: str
    offered: tuple[Qos, ...]


class _Refused(Exception):  # an outcome
    """The bag is not to become whole."""


class EpisodeBag:
    """A bag that is whole, with all that was put into it, or not there at all.

    `put` never waits: what cannot be written soon enough makes the bag fail, and it is deleted.

    Args:
        folder: of the bag; it must not exist.
        facts: kept in its metadata.
        most_waiting_bytes: between `put` and the disk.
        least_free_bytes: a disk with less left makes the bag fail.
    """

    def __init__(
        self,
        folder: Path,
        storage: Storage,
        facts: Mapping[str, str],
        most_waiting_bytes: int = MOST_WAITING_BYTES,
        least_free_bytes: int = LEAST_FREE_BYTES,
    ) -> None:
        self._folder = folder
        self._storage = storage
        self._facts = dict(facts)
        self._most_waiting_bytes = most_waiting_bytes
        self._least_free_bytes = least_free_bytes
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Channel, int, bytes]] = deque()
        self._waiting_bytes = 0
        self._newest_ns = -1
        self._failure = ""
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="bag", daemon=True)
        self._thread.start()

    @property
    def failure(self) -> str:
        """Why there will be no bag; empty while there will be."""
        with self._changed:
            return self._failure

    def put(self, channel: Channel, time_ns: int, data: bytes) -> None:
        """A message that came at `time_ns`, later than those before."""
        with self._changed:
            if self._failure:
                return
            if time_ns <= self._newest_ns:
                self._fail("ROS time was set back while it was recorded")
            elif self._waiting_bytes + len(data) > self._most_waiting_bytes:
                self._fail(
                    f"the disk did not keep up, {self._waiting_bytes / 1e6:.0f} MB were waiting: "
                    "record compressed pictures (camera_transport), or onto a faster disk"
                )
            else:
                self._newest_ns = time_ns
                self._waiting.append((channel, time_ns, data))
                self._waiting_bytes += len(data)
            self._changed.notify_all()

    def finish(self) -> str:
        """Waits until all is written; empty, or why there is no bag."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        self._thread.join()
        return self.failure

    def abandon(self) -> None:
        """Deletes it."""
        with self._changed:
            if not self._failure:
                self._fail("it was left out")
            self._changed.notify_all()
        self.finish()

    def _fail(self, why: str) -> None:
        self._failure = why
        self._waiting.clear()
        self._waiting_bytes = 0

    def _run(self) -> None:
        whole = False
        try:
            self._write()
            whole = True
        finally:
            # What nobody foresaw is printed as every thread's last words are.
            if not whole:
                with self._changed:
                    self._fail("its writer broke, as told above")
                self._delete()

    def _write(self) -> None:
        try:
            with Writer(
                self._folder,
                version=_METADATA_VERSION,
                storage_plugin=StoragePlugin[self._storage.upper()],
            ) as writer:
                for key, value in self._facts.items():
                    writer.set_custom_data(key, value)
                self._write_messages(writer)
        except _Refused:
            self._delete()
        except (OSError, WriterError, sqlite3.Error) as error:
            with self._changed:
                self._fail(f"it could not be written: {error}")
            self._delete()

    def _write_messages(self, writer: Writer) -> None:
        connections: dict[str, Connection] = {}
        since_look = _LOOK_EVERY_BYTES
        while (message := self._next()) is not None:
            channel, time_ns, data = message
            if since_look >= _LOOK_EVERY_BYTES:
                self._require_room()
                since_look = 0
            if channel.name not in connections:
                connections[channel.name] = _connected(writer, channel)
            writer.write(connections[channel.name], time_ns, data)
            since_look += len(data)

    def _next(self) -> tuple[Channel, int, bytes] | None:
        """The next message; None after the last one."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ending or self._failure)
            if self._failure:
                raise _Refused
            if not self._waiting:
                return None
            message = self._waiting.popleft()
            self._waiting_bytes -= len(message[2])
            self._changed.notify_all()
            return message

    def _require_room(self) -> None:
        free = shutil.disk_usage(self._folder).free
        if free < self._least_free_bytes:
            with self._changed:
                self._fail(f"the disk is full but for {free / 1e6:.0f} MB")
            raise _Refused

    def _delete(self) -> None:
        """At once: the dataset's episode needs the room."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _connected(writer: Writer, channel: Channel) -> Connection:
    described = definition(channel.type)
    return writer.add_connection(
        channel.name,
        channel.type,
        msgdef=described.text,
        rihs01=described.type_hash,
        offered_qos_profiles=channel.offered,
    )
