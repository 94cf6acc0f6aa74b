"""When episodes begin and end, and which are kept."""

import pytest

from pi0_ros.core.arrays import FloatArray
from pi0_ros.core.errors import ConfigurationError, DatasetError
from pi0_ros.core.observation import Observation
from pi0_ros.policy.dataset.session import EpisodePlan, RecordingSession, SessionState

from .moments import moment

FRAME = moment(1)


class Sink:
    """Counts."""

    def __init__(self) -> None:
        self.frames = 0
        self.lengths: list[int] = []

    @property
    def episodes(self) -> int:
        return len(self.lengths)

    def add(self, observation: Observation, command: FloatArray) -> None:
        self.frames += 1

    def save_episode(self) -> int:
        self.lengths.append(self.frames)
        self.frames = 0
        return len(self.lengths) - 1

    def discard_episode(self) -> int:
        frames, self.frames = self.frames, 0
        return frames


def session(**plan: object) -> tuple[RecordingSession, Sink]:
    sink = Sink()
    return RecordingSession(sink, EpisodePlan(**plan)), sink  # type: ignore[arg-type]


def test_frames_count_only_between_start_and_stop() -> None:
    recording, sink = session()
    recording.add(*FRAME, now_s=0.0)
    assert recording.start().done
    assert recording.state is SessionState.WAITING
    for second in range(3):
        recording.add(*FRAME, now_s=float(second))
    assert recording.state is SessionState.RECORDING
    assert recording.stop().text == "saved episode 0: 3 frames, 0 missing"
    recording.add(*FRAME, now_s=9.0)
    assert sink.lengths == [3]
    assert sink.frames == 0


def test_what_is_missing_before_the_first_and_after_the_last_frame_is_no_gap() -> None:
    recording, sink = session()
    recording.start()
    recording.miss("camera/main: stale")
    recording.add(*FRAME, now_s=0.0)
    recording.miss("camera/main: stale")
    assert recording.stop().done
    assert sink.lengths == [1]
    assert recording.missed == {"camera/main: stale": 2}


@pytest.mark.parametrize(("allowed", "kept"), [(0, False), (1, True)])
def test_an_episode_with_gaps_is_left_out_unless_they_are_allowed(allowed: int, kept: bool) -> None:
    recording, sink = session(most_gaps=allowed)
    recording.start()
    recording.add(*FRAME, now_s=0.0)
    recording.miss("no command")
    recording.add(*FRAME, now_s=0.2)
    assert recording.gaps == 1
    answer = recording.stop()
    assert answer.done is kept
    assert kept or "1 frames missing among 2 (no command: 1)" in answer.text
    assert (len(sink.lengths), recording.left_out, sink.frames) == (kept, not kept, 0)


def test_nothing_is_saved_where_no_frame_was_whole() -> None:
    recording, sink = session()
    recording.start()
    recording.miss("no command")
    answer = recording.stop()
    assert not answer.done
    assert "no command: 1" in answer.text
    assert sink.lengths == []


def test_requests_out_of_turn_are_answered_with_no() -> None:
    recording, _ = session()
    assert not recording.stop().done
    assert not recording.discard().done
    assert recording.start().done
    assert not recording.start().done


def test_a_discarded_episode_is_forgotten() -> None:
    recording, sink = session()
    recording.start()
    recording.add(*FRAME, now_s=0.0)
    assert recording.discard().text == "discarded 1 frames"
    assert recording.state is SessionState.IDLE
    assert sink.lengths == []


def test_episodes_of_a_length_begin_and_end_by_themselves_until_there_are_enough() -> None:
    recording, sink = session(episodes=2, episode_s=1.0, pause_s=2.0)
    states = []
    for quarter in range(24):
        now_s = quarter / 4.0
        # The first whole frame comes late: the episode's time runs from there.
        if quarter >= 2:
            recording.add(*FRAME, now_s=now_s)
        recording.follow_plan(now_s)
        states.append(recording.state)
    assert sink.lengths == [5, 5]
    assert states[5] is SessionState.RECORDING
    assert states[6:14] == [SessionState.IDLE] * 8
    assert states[14] is SessionState.WAITING
    assert states[-1] is SessionState.FINISHED
    assert not recording.start().done


def test_a_clock_that_goes_back_leaves_the_episode_out_and_begins_another() -> None:
    recording, sink = session(episodes=1, episode_s=2.0, pause_s=50.0)
    recording.follow_plan(100.0)
    for now_s in (100.0, 101.0, 100.95):
        recording.add(*FRAME, now_s=now_s)
        # A step of 50 ms is jitter.
        assert recording.follow_plan(now_s) is None
    answer = recording.follow_plan(3.0)
    assert answer is not None
    assert not answer.done
    assert answer.text == "left out 3 frames: the clock was set back among them"
    assert (recording.left_out, sink.frames, sink.lengths) == (1, 0, [])
    for now_s in (3.1, 3.2, 5.2):
        recording.follow_plan(now_s)
        recording.add(*FRAME, now_s=now_s)
    recording.follow_plan(5.2)
    assert sink.lengths == [2]


def test_a_pause_does_not_last_until_a_clock_that_went_back_is_there_again() -> None:
    recording, sink = session(episode_s=1.0, pause_s=5.0)
    recording.follow_plan(1000.0)
    recording.add(*FRAME, now_s=1000.0)
    recording.follow_plan(1001.0)
    assert sink.lengths == [1]
    recording.follow_plan(0.0)
    recording.follow_plan(0.1)
    assert recording.state is SessionState.WAITING


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"episode_s": 0.0}, "episode-seconds"),
        ({"pause_s": float("nan")}, "pause-seconds"),
        ({"most_gaps": -1}, "most-gaps"),
    ],
)
def test_plans_that_cannot_work_are_refused(values: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        EpisodePlan(**values)  # type: ignore[arg-type]


def test_a_gap_counts_once_and_in_its_own_episode_only() -> None:
    recording, sink = session()
    recording.start()
    recording.add(*FRAME, now_s=0.0)
    recording.miss("camera/main: stale")
    for second in (0.2, 0.3, 0.4):
        recording.add(*FRAME, now_s=second)
    assert recording.gaps == 1
    assert "1 frames missing among 4" in recording.stop().text
    recording.start()
    recording.add(*FRAME, now_s=1.0)
    assert recording.gaps == 0
    recording.miss("no command")
    recording.add(*FRAME, now_s=1.2)
    answer = recording.stop()
    assert "(no command: 1)" in answer.text
    recording.start()
    recording.add(*FRAME, now_s=2.0)
    # Nothing followed it.
    recording.miss("no command")
    assert recording.stop().done
    assert sink.lengths == [1]
    recording.start()
    recording.add(*FRAME, now_s=3.0)
    assert recording.stop().text == "saved episode 1: 1 frames, 0 missing"


class Noted:
    """What is beside the frames; writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def announce(self) -> str:
        self.told.append("announce")
        return "5 GB left"

    def begin(self, episode: int) -> None:
        self.told.append(f"begin {episode}")

    def finish(self) -> None:
        self.told.append("finish")

    def keep(self, episode: int) -> str:
        self.told.append(f"keep {episode}")
        return "a bag"

    def drop(self) -> None:
        self.told.append("drop")


def test_what_is_beside_begins_with_the_first_frame_and_is_kept_once_the_episode_is() -> None:
    sink, noted = Sink(), Noted()
    recording = RecordingSession(sink, EpisodePlan(), noted)
    assert "5 GB left" in recording.start().text
    assert noted.told == ["announce"]
    recording.add(*FRAME, now_s=0.0)
    recording.add(*FRAME, now_s=0.1)
    assert noted.told == ["announce", "begin 0"]
    assert recording.stop().text == "saved episode 0: 2 frames, 0 missing, a bag"
    assert noted.told == ["announce", "begin 0", "finish", "keep 0"]


def test_what_is_beside_is_over_before_the_episode_is_saved_and_not_kept_where_that_fails() -> None:
    sink, noted = Sink(), Noted()

    def full() -> int:
        noted.told.append("save")
        raise DatasetError("no space")

    sink.save_episode = full  # type: ignore[method-assign]
    recording = RecordingSession(sink, EpisodePlan(), noted)
    recording.start()
    recording.add(*FRAME, now_s=0.0)
    with pytest.raises(DatasetError):
        recording.stop()
    assert noted.told == ["announce", "begin 0", "finish", "save"]


def test_what_is_beside_goes_with_an_episode_that_is_discarded_or_left_out() -> None:
    noted = Noted()
    recording = RecordingSession(Sink(), EpisodePlan(), noted)
    for end in (recording.discard, recording.stop):
        noted.told.clear()
        recording.start()
        recording.add(*FRAME, now_s=0.0)
        recording.miss("no command")
        recording.add(*FRAME, now_s=0.2)
        end()
        assert noted.told == ["announce", "begin 0", "drop"]
