"""When the newest pictures are a new set, which is when an inference had best begin."""

import threading
import time
from collections.abc import Iterable

# Stamps of cameras that run freely are that much closer, or less close, from one set to the next.
_JITTER_NS = 5_000_000
# As long a set waits for pictures that would bring it closer together.
_PATIENCE_NS = 10_000_000


class PictureSets:
    """A set is there when every camera has delivered since the last set was taken.

    Cameras that deliver shortly after one another could be taken in the wrong place, each set with
    the next one's first picture: so a set whose stamps are further apart than they were of late
    waits a little for the others. Safe to call from several threads.

    Args:
        cameras: whose pictures make a set.
    """

    def __init__(self, cameras: Iterable[str]) -> None:
        self._cameras = frozenset(cameras)
        self._changed = threading.Condition()
        self._stamps: dict[str, int] = {}
        self._awaited = set(self._cameras)
        self._complete_ns: int | None = None
        # Smallest distance of the newest stamps: since the last set was taken, and before that.
        self._closest_ns: int | None = None
        self._closest_before_ns: int | None = None

    def came(self, camera: str, stamp_ns: int, steady_ns: int) -> None:
        """A picture came at `steady_ns`, and is now its camera's newest."""
        with self._changed:
            self._stamps[camera] = stamp_ns
            self._awaited.discard(camera)
            self._note_distance()
            if not self._awaited:
                self._complete_ns = self._complete_ns or steady_ns
                self._changed.notify_all()

    def take(self) -> None:
        """The newest pictures are used, or passed over: a set of newer ones is wanted."""
        with self._changed:
            self._awaited = set(self._cameras)
            self._complete_ns = None
            self._closest_before_ns, self._closest_ns = self._closest_ns, None

    def forget(self) -> None:
        """As if no picture had come."""
        self.take()
        with self._changed:
            self._stamps.clear()
            self._closest_before_ns = None

    def wait(self, until_ns: int) -> bool:
        """Returns True when there is a set, False when at steady time `until_ns` there is none."""
        with self._changed:
            while True:
                now_ns, ready_ns = time.monotonic_ns(), self._ready_ns()
                if ready_ns is not None and now_ns >= ready_ns:
                    return True
                if now_ns >= until_ns:
                    return False
                next_ns = until_ns if ready_ns is None else min(until_ns, ready_ns)
                self._changed.wait((next_ns - now_ns) / 1e9)

    def _ready_ns(self) -> int | None:
        if self._complete_ns is None:
            return None
        distances = [one for one in (self._closest_ns, self._closest_before_ns) if one is not None]
        is_close = self._distance_ns() <= min(distances) + _JITTER_NS
        return self._complete_ns if is_close else self._complete_ns + _PATIENCE_NS

    def _note_distance(self) -> None:
        if len(self._stamps) == len(self._cameras):
            distance_ns = self._distance_ns()
            if self._closest_ns is None or distance_ns < self._closest_ns:
                self._closest_ns = distance_ns

    def _distance_ns(self) -> int:
        return max(self._stamps.values()) - min(self._stamps.values())
