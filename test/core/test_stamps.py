"""Which stamps are believed, how old a stream is, what was lost on the way."""

import pytest

from pi0_ros.core.errors import InputRefused
from pi0_ros.core.stamps import ClockWatch, StampedStream

MS = 1_000_000
NOW = 1_000_000 * MS


def _stream(*stamps_ms: int) -> StampedStream:
    stream = StampedStream("camera/main")
    for stamp in stamps_ms:
        stream.accept(NOW + stamp * MS, NOW + stamp * MS, stamp * MS)
    return stream


def _refusal(stream: StampedStream, stamp_ms: float, now_ms: float) -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        stream.accept(round(NOW + stamp_ms * MS), round(NOW + now_ms * MS), 0)
    return caught.value


def _refused(stream: StampedStream, stamp_ms: float, now_ms: float) -> str:
    return _refusal(stream, stamp_ms, now_ms).kind


def test_each_refusal_names_the_stream_and_says_why():
    stream = _stream(0, 33)
    assert str(_refusal(stream, 2040, 40)) == (
        "camera/main: stamp is 2.000 s in the future; "
        "are the clocks synchronised, is use_sim_time the same everywhere?"
    )
    assert str(_refusal(stream, 33, 40)) == "camera/main: stamp repeated"
    assert str(_refusal(stream, 32, 40)) == "camera/main: stamp older than the newest"


def test_a_stamp_may_be_fifty_milliseconds_ahead_and_no_more():
    stream = _stream()
    stream.accept(NOW + 50 * MS, NOW, 0)
    assert _refused(_stream(), 50.001, 0) == "future"


def test_a_repeated_stamp_is_a_duplicate_and_a_smaller_one_older():
    stream = _stream(0, 33)
    assert _refused(stream, 33, 40) == "duplicate"
    assert _refused(stream, 32, 40) == "older"
    assert stream.statistics(40 * MS).received == 2


def test_a_stream_is_as_old_as_the_older_of_arrival_and_capture():
    stream = StampedStream("joint_states")
    assert stream.age_s(NOW, 0) is None
    stream.accept(NOW - 80 * MS, NOW, steady_ns=0)
    # Came late: old by its stamp.
    assert stream.age_s(NOW, 0) == pytest.approx(0.08)
    # ROS time stopped, real time did not: old by arrival.
    assert stream.age_s(NOW, 500 * MS) == pytest.approx(0.5)
    # A stamp a little in the future is not a negative age.
    stream.accept(NOW + 20 * MS, NOW, steady_ns=600 * MS)
    assert stream.age_s(NOW, 600 * MS) == 0.0


def test_on_a_slow_clock_a_stream_that_is_as_slow_is_not_stale():
    stream = StampedStream("camera/main", slowest_clock=0.1)
    stream.accept(NOW, NOW, steady_ns=0)
    # 30 ms of ROS time took a third of a second.
    assert stream.age_s(NOW + 30 * MS, 333 * MS) == pytest.approx(0.0333)
    # One that stalls is as old as the clock says, and a clock that stands still ages it too.
    assert stream.age_s(NOW + 200 * MS, 333 * MS) == pytest.approx(0.2)
    assert stream.age_s(NOW, 2000 * MS) == pytest.approx(0.2)


def test_statistics_count_and_time_arrivals():
    statistics = _stream(0, 10, 20).statistics(50 * MS)
    assert statistics.name == "camera/main"
    assert statistics.age_s == pytest.approx(0.03)
    assert (statistics.received, statistics.dropped, statistics.refused) == (3, 0, 0)
    assert _stream().statistics(0).age_s == -1.0


@pytest.mark.parametrize(
    ("stamps", "dropped"),
    [
        ((0, 33, 66, 99), 0),
        ((0, 33, 75, 99), 0),  # jitter
        ((0, 33, 66, 132), 1),
        ((0, 33, 66, 99, 264), 4),
        ((0, 33, 66, 132, 165, 198, 264), 2),
        ((0, 100, 250), 0),  # half a period late and no more
        ((0, 100, 600, 770), 5),  # the period has grown by a tenth
        ((0,), 0),
        ((0, 330), 0),  # no period known yet
    ],
)
def test_gaps_between_stamps_are_messages_that_never_came(stamps, dropped):
    assert _stream(*stamps).statistics(0).dropped == dropped


def test_a_lasting_change_of_rate_is_not_a_loss_for_ever():
    stream = _stream(*range(0, 1000, 33))
    for stamp in range(1100, 20_000, 100):
        stream.accept(NOW + stamp * MS, NOW + stamp * MS, stamp * MS)
    early = stream.statistics(0).dropped
    for stamp in range(20_000, 30_000, 100):
        stream.accept(NOW + stamp * MS, NOW + stamp * MS, stamp * MS)
    assert stream.statistics(0).dropped == early


def test_a_refused_message_is_not_counted_as_lost_too():
    stream = _stream(0, 33, 66)
    stream.refuse()
    stream.accept(NOW + 132 * MS, NOW + 132 * MS, 0)
    statistics = stream.statistics(0)
    assert (statistics.refused, statistics.dropped) == (1, 0)
    stream.accept(NOW + 198 * MS, NOW + 198 * MS, 0)
    assert stream.statistics(0).dropped == 1


def test_counters_restart_and_the_stream_goes_on():
    stream = _stream(0, 33, 66, 132)
    stream.refuse()
    stream.restart_counters()
    statistics = stream.statistics(0)
    assert (statistics.received, statistics.dropped, statistics.refused) == (0, 0, 0)
    assert stream.seen
    # The gap since before the restart belongs to nobody.
    stream.accept(NOW + 300 * MS, NOW + 300 * MS, 0)
    assert stream.statistics(0).dropped == 0


def test_a_forgotten_stream_takes_earlier_stamps_and_keeps_its_counts():
    stream = _stream(0, 33)
    stream.forget()
    assert not stream.seen
    stream.accept(NOW - 5000 * MS, NOW - 5000 * MS, 0)
    assert stream.statistics(0).received == 3
    # Nor is the old period known any more.
    stream.accept(NOW - 4000 * MS, NOW - 4000 * MS, 0)
    assert stream.statistics(0).dropped == 0


def test_every_refused_message_counts():
    stream = _stream(0)
    stream.refuse()
    stream.refuse()
    assert stream.statistics(0).refused == 2


def test_a_clock_that_was_set_far_back_goes_on_from_there():
    watch = ClockWatch()
    assert not watch.set_back(NOW)
    assert watch.set_back(NOW - 10_000 * MS)
    assert not watch.set_back(NOW - 9_999 * MS)


def test_many_small_steps_back_are_a_large_one():
    watch = ClockWatch()
    assert not watch.set_back(NOW)
    assert not watch.set_back(NOW - 60 * MS)
    assert watch.set_back(NOW - 120 * MS)


def test_a_clock_set_back_is_noticed_once():
    watch = ClockWatch()
    assert not watch.set_back(NOW)
    assert not watch.set_back(NOW - 100 * MS)
    assert not watch.set_back(NOW)
    assert watch.set_back(NOW - 100 * MS - 1)
    assert not watch.set_back(NOW - 100 * MS)
    assert not watch.set_back(NOW + 10_000 * MS)
    assert watch.set_back(NOW)
