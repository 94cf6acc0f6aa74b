"""What was said before an episode begins and still counts then."""

from collections import deque
from dataclasses import dataclass

from pi0_ros.ros import topics
from pi0_ros.ros.topics import Topic

_COMMANDS = (topics.JOINT_TRAJECTORY.name, topics.POSITION_COMMANDS.name)


@dataclass(frozen=True, slots=True)
class Heard:
    """One message as it came.

    Attributes:
        time_ns: ROS time at which it was taken.
        data: serialized.
    """

    topic: Topic
    time_ns: int
    data: bytes


class Standing:
    """The newest message of each topic; of joint states and commands those of a window as well.

    The first frame is made of pictures and joint states that came before it, and an arm may follow
    a command that came long before: a bag begins with them.

    Args:
        window_ns: before an episode begins.
    """

    def __init__(self, window_ns: int) -> None:
        self._window_ns = window_ns
        self._heard: dict[str, deque[Heard]] = {}

    def take(self, heard: Heard) -> None:
        kept = self._heard.setdefault(heard.topic.name, deque())
        if kept and heard.time_ns <= kept[-1].time_ns:
            # The clock was set back: what came then belongs to another time.
            kept.clear()
        kept.append(heard)
        whole_window = heard.topic.name in (topics.JOINT_STATES.name, *_COMMANDS)
        oldest_ns = heard.time_ns - self._window_ns
        # One from before the window counts at its beginning.
        while len(kept) > 1 and (not whole_window or kept[1].time_ns <= oldest_ns):
            kept.popleft()

    def at(self, now_ns: int) -> list[Heard]:
        """In the order in which a bag that begins now holds them.

        A bag would play minutes of nothing before an episode whose instruction came so long ago.
        What is older than the window is therefore written at the window's beginning, but for
        commands: the time at which one comes is part of what it means.
        """
        begin_ns = now_ns - self._window_ns
        old: list[Heard] = []
        rest: list[Heard] = []
        for heard in (heard for kept in self._heard.values() for heard in kept):
            movable = heard.time_ns <= begin_ns and heard.topic.name not in _COMMANDS
            (old if movable else rest).append(heard)
        old.sort(key=lambda heard: heard.time_ns)
        moved = [
            Heard(heard.topic, begin_ns - len(old) + place, heard.data)
            for place, heard in enumerate(old)
        ]
        return sorted([*moved, *rest], key=lambda heard: heard.time_ns)
