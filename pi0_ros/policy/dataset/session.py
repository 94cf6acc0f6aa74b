"""When episodes begin and end, and which of them are whole enough to be kept."""

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.observation import Observation
from pi0_ros.core.stamps import NS_PER_S, ClockWatch


class FrameSink(Protocol):
    """The slice of DatasetWriter that a session needs."""

    @property
    def episodes(self) -> int: ...

    @property
    def frames(self) -> int: ...

    def add(self, observation: Observation, command: FloatArray) -> None: ...

    def save_episode(self) -> int: ...

    def discard_episode(self) -> int: ...


class Beside(Protocol):
    """What is recorded of an episode beside its frames, such as a bag of all messages."""

    def announce(self) -> str:
        """What there is to say before one more episode; raises DatasetError for no room."""

    def begin(self, episode: int) -> None:
        """With the first frame."""

    def finish(self) -> None:
        """The episode is over and is to be saved."""

    def keep(self, episode: int) -> str:
        """The episode is in the dataset; what came of what is beside it, in words."""

    def drop(self) -> None:
        """The episode is left out."""


class SessionState(Enum):
    """What the recording is doing."""

    IDLE = "idle"
    WAITING = "waiting for a whole frame"
    RECORDING = "recording"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class EpisodePlan:
    """How a recording goes.

    Attributes:
        episodes: after so many it is finished; None: until it is ended.
        episode_s: each episode ends by itself after so long; None: when it is told to.
        pause_s: between two episodes that end by themselves, to set up the next scene.
        most_gaps: an episode that lacks more frames between its first and its last is left out.

    Raises:
        ConfigurationError: a value cannot work; the message names the option.
    """

    episodes: int | None = None
    episode_s: float | None = None
    pause_s: float = 3.0
    most_gaps: int = 0

    def __post_init__(self) -> None:
        if self.episode_s is not None and not 0.2 <= self.episode_s <= 3600.0:
            raise ConfigurationError(
                f"episode-seconds: expected 0.2 to 3600 s, got {self.episode_s}"
            )
        if not 0.0 <= self.pause_s <= 3600.0:
            raise ConfigurationError(f"pause-seconds: expected 0 to 3600 s, got {self.pause_s}")
        if self.most_gaps < 0:
            raise ConfigurationError(f"most-gaps: expected 0 or more, got {self.most_gaps}")


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a request was followed, and what came of it in words."""

    done: bool
    text: str


class RecordingSession:
    """Frames in, episodes out; not safe to call from several threads at once.

    A dataset's frames are 1/fps apart by their numbers alone: a frame that is missing in the
    middle would make all later ones seem earlier than they were. So they are counted, and an
    episode with more gaps than allowed is left out.

    Args:
        beside: begins and ends with each episode; None: there are frames only.
    """

    def __init__(self, sink: FrameSink, plan: EpisodePlan, beside: Beside | None = None) -> None:
        self._sink = sink
        self._plan = plan
        self._beside = beside
        self._state = SessionState.IDLE
        self._saved = 0
        self._left_out = 0
        # Gaps count once a whole frame follows them.
        self._gaps = self._gaps_at_end = 0
        self._missed: Counter[str] = Counter()
        self._missed_now: Counter[str] = Counter()
        self._next_s = float("-inf")
        self._begun_s = 0.0
        self._clock = ClockWatch()

    @property
    def state(self) -> SessionState:
        return self._state

    @property
    def saved(self) -> int:
        """Episodes of this session."""
        return self._saved

    @property
    def left_out(self) -> int:
        """Episodes with too many gaps, or of two times."""
        return self._left_out

    @property
    def gaps(self) -> int:
        """In the episode under way."""
        return self._gaps

    @property
    def missed(self) -> dict[str, int]:
        """Reason -> frames that could not be recorded although they were due."""
        return dict(self._missed)

    def start(self) -> Answer:
        """Begins an episode with the next whole frame.

        Raises:
            DatasetError: there is no room for it.
        """
        if self._state is not SessionState.IDLE:
            return Answer(False, f"cannot start: {self._state.value}")
        remark = f" ({self._beside.announce()})" if self._beside is not None else ""
        self._state = SessionState.WAITING
        self._gaps = self._gaps_at_end = 0
        self._missed_now.clear()
        return Answer(
            True, f"episode {self._sink.episodes} begins with the next whole frame{remark}"
        )

    def stop(self) -> Answer:
        """Saves the episode, or leaves it out where it has too many gaps.

        Raises:
            DatasetError: it cannot be saved; the ones before stay.
        """
        if self._state not in (SessionState.WAITING, SessionState.RECORDING):
            return Answer(False, f"cannot stop: {self._state.value}; start an episode first")
        frames, gaps = self._sink.frames, self._gaps
        self._state = SessionState.IDLE
        if frames == 0:
            return Answer(False, f"nothing saved: no whole frame came ({self._reasons()})")
        if gaps > self._plan.most_gaps:
            self._drop()
            self._left_out += 1
            return Answer(
                False,
                f"left out: {gaps} frames missing among {frames} ({self._reasons()}); at most "
                f"{self._plan.most_gaps} may be (most-gaps)",
            )
        if self._beside is not None:
            self._beside.finish()
        number = self._sink.save_episode()
        self._saved += 1
        remark = f", {self._beside.keep(number)}" if self._beside is not None else ""
        if self._plan.episodes is not None and self._saved >= self._plan.episodes:
            self._state = SessionState.FINISHED
        return Answer(True, f"saved episode {number}: {frames} frames, {gaps} missing{remark}")

    def discard(self) -> Answer:
        """Forgets the episode under way."""
        if self._state not in (SessionState.WAITING, SessionState.RECORDING):
            return Answer(False, f"nothing to discard: {self._state.value}")
        frames = self._drop()
        self._state = SessionState.IDLE
        return Answer(True, f"discarded {frames} frames")

    def follow_plan(self, now_s: float) -> Answer | None:
        """Begins and ends episodes that do so by themselves; what came of it, if anything.

        Where the clock goes back, the episode under way is left out and another one begins: half of
        it is of before a simulation was begun anew.

        Args:
            now_s: the time that frames are stamped with where it is simulated, or else steady time.

        Raises:
            DatasetError: see `stop`.
        """
        length_s = self._plan.episode_s
        if length_s is None:
            return None
        if self._clock.set_back(round(now_s * NS_PER_S)):
            self._next_s = now_s
            return self._begin_anew()
        if self._state is SessionState.IDLE and now_s >= self._next_s:
            return self.start()
        if self._state is SessionState.RECORDING and now_s - self._begun_s >= length_s:
            answer = self.stop()
            self._next_s = now_s + self._plan.pause_s
            return answer
        return None

    def add(self, observation: Observation, command: FloatArray, now_s: float) -> None:
        """A frame that is due and whole; ignored where no episode is under way.

        Args:
            now_s: as for `follow_plan`.

        Raises:
            DatasetError: it cannot be written.
        """
        if self._state is SessionState.WAITING:
            self._state, self._begun_s = SessionState.RECORDING, now_s
            if self._beside is not None:
                self._beside.begin(self._sink.episodes)
        if self._state is SessionState.RECORDING:
            self._sink.add(observation, command)
            self._gaps += self._gaps_at_end
            self._gaps_at_end = 0

    def miss(self, reason: str) -> None:
        """A frame that is due and not whole."""
        if self._state in (SessionState.WAITING, SessionState.RECORDING):
            self._missed[reason] += 1
            self._missed_now[reason] += 1
        if self._state is SessionState.RECORDING:
            self._gaps_at_end += 1

    def _begin_anew(self) -> Answer | None:
        if self._state is not SessionState.RECORDING:
            return None
        frames = self._drop()
        self._left_out += 1
        self._state = SessionState.IDLE
        return Answer(False, f"left out {frames} frames: the clock was set back among them")

    def _drop(self) -> int:
        if self._beside is not None:
            self._beside.drop()
        return self._sink.discard_episode()

    def _reasons(self) -> str:
        return ", ".join(f"{reason}: {count}" for reason, count in self._missed_now.most_common(3))
