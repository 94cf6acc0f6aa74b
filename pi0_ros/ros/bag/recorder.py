"""One bag for each episode that is saved."""

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from rclpy.serialization import serialize_message
from std_msgs.msg import Header

from pi0_ros.core.errors import DatasetError
from pi0_ros.policy.dataset.bag_folder import BagFolder
from pi0_ros.ros.bag.contents import FRAMES
from pi0_ros.ros.bag.episode_bag import LEAST_FREE_BYTES, Channel, EpisodeBag, Storage
from pi0_ros.ros.bag.flow import Flow
from pi0_ros.ros.bag.standing import Heard, Standing
from pi0_ros.ros.conversions import time_message
from pi0_ros.ros.topics import Topic

# Where episodes have no length of their own, there must be room for so much.
_USUAL_EPISODE_S = 60.0


class BagRecorder:
    """What a `RecordingSession` records beside its frames; not safe to call from several threads.

    Args:
        folder: of the dataset's bags.
        window_s: before its first frame of which an episode's bag holds joint states and commands.
        episode_s: length of an episode; None: nobody knows.

    Attributes:
        kept, lost: episodes saved with a bag, and without one that was wanted.

    Raises:
        ConfigurationError: no bag can be written into the folder.
    """

    def __init__(
        self, folder: BagFolder, storage: Storage, window_s: float, episode_s: float | None = None
    ) -> None:
        self._folder = folder
        self._storage = storage
        self._episode_s = _USUAL_EPISODE_S if episode_s is None else episode_s
        self._standing = Standing(round(window_s * 1e9))
        self._flow = Flow()
        self._bag: EpisodeBag | None = None
        self._channels: dict[str, Channel] = {}
        self._channel_of: Callable[[Topic], Channel] | None = None
        self._facts: Callable[[], Mapping[str, str]] = dict
        self._newest_ns = 0
        self._failure = ""
        self.kept = self.lost = 0
        folder.open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.drop()
        self._folder.clear()

    def join(
        self, channel_of: Callable[[Topic], Channel], facts: Callable[[], Mapping[str, str]]
    ) -> None:
        """Told by the node that hears: what a topic is called and offered, what holds now."""
        self._channel_of, self._facts = channel_of, facts

    @property
    def failure(self) -> str:
        """Why the episode under way will have no bag; empty while it will."""
        return self._bag.failure if self._bag is not None else ""

    def heard(self, topic: Topic, time_ns: int, data: bytes) -> None:
        """A message as it came, at an instant that no other has."""
        message = Heard(topic, time_ns, data)
        self._newest_ns = time_ns
        self._standing.take(message)
        self._flow.take(len(data), time.monotonic())
        self._put(message)

    def frame(self, capture_ns: int, time_ns: int) -> None:
        """A frame was taken of what was heard until now; nothing outside an episode."""
        header = Header(stamp=time_message(capture_ns))
        self._put(Heard(FRAMES, time_ns, serialize_message(header)))

    def announce(self) -> str:
        """How much room there is for one more episode.

        Raises:
            DatasetError: too little.
        """
        free = self._folder.free_bytes()
        flow = self._flow.bytes_per_s
        needed = 2 * LEAST_FREE_BYTES + flow * self._episode_s
        if free < needed:
            raise DatasetError(
                f"{self._folder.path}: {free / 1e9:.1f} GB are left on the disk, and a bag of "
                f"{self._episode_s:g} s at {flow / 1e6:.1f} MB/s wants {needed / 1e9:.1f} GB with "
                "what must stay free: make room, or record without --bag"
            )
        rate = f", {flow / 1e6:.1f} MB/s come for its bag" if flow else ""
        return f"{free / 1e9:.1f} GB left{rate}"

    def begin(self, episode: int) -> None:
        """With the first frame."""
        self.drop()
        self._channels.clear()
        self._bag = EpisodeBag(
            self._folder.staged(episode),
            self._storage,
            {"pi0_record/episode": str(episode), **self._facts()},
        )
        for message in self._standing.at(self._newest_ns):
            self._put(message)

    def finish(self) -> None:
        """Writes what is waiting; nothing that comes now belongs to the episode."""
        bag, self._bag = self._bag, None
        self._failure = bag.finish() if bag is not None else "none was begun"

    def keep(self, episode: int) -> str:
        """The episode is in the dataset: its bag goes to its place; what came of it."""
        size = 0
        if not self._failure:
            try:
                size = self._folder.publish(episode)
            except OSError as error:
                self._failure = f"it cannot be moved to its place: {error}"
        if self._failure:
            self.lost += 1
            return f"NO BAG: {self._failure}"
        self.kept += 1
        return f"bag of {size / 1e6:.1f} MB"

    def drop(self) -> None:
        """There is no such episode."""
        bag, self._bag = self._bag, None
        if bag is not None:
            bag.abandon()

    def summary(self) -> str:
        text = f"{self._folder.path}: {self.kept} bags"
        return f"{text}; {self.lost} episodes have NO BAG" if self.lost else text

    def _put(self, message: Heard) -> None:
        if self._bag is None:
            return
        assert self._channel_of is not None, "join comes before the first message"
        name = message.topic.name
        if name not in self._channels:
            self._channels[name] = self._channel_of(message.topic)
        self._bag.put(self._channels[name], message.time_ns, message.data)
