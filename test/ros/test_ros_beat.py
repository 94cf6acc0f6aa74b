"""Beats of ROS time, with a clock that the test moves."""

import threading
from collections.abc import Iterator

import pytest
from rclpy.clock import ClockType, ROSClock
from rclpy.time import Time

from pi0_ros.ros.ros_beat import RosBeat

PERIOD_NS = 100_000_000


class SimulatedBeat:
    """Counts beats in a thread while the test sets the time."""

    def __init__(self) -> None:
        self.clock = ROSClock()
        self.clock._set_ros_time_is_active(True)
        self.set(PERIOD_NS)
        self.beat = RosBeat(self.clock, 10.0)
        self.beats: list[int] = []
        self.changed = threading.Condition()
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def set(self, time_ns: int) -> None:
        self.clock.set_ros_time_override(Time(nanoseconds=time_ns, clock_type=ClockType.ROS_TIME))

    def _run(self) -> None:
        while self.beat.wait(self.stop):
            with self.changed:
                self.beats.append(self.clock.now().nanoseconds)
                self.changed.notify_all()

    def until(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.beats) >= count, 5.0)

    def end(self) -> None:
        self.stop.set()
        self.thread.join(5.0)
        self.beat.close()
        assert not self.thread.is_alive()


@pytest.fixture
def simulated() -> Iterator[SimulatedBeat]:
    made = SimulatedBeat()
    yield made
    made.end()


def test_it_beats_when_simulated_time_has_come(simulated: SimulatedBeat) -> None:
    for count in range(1, 4):
        simulated.set(PERIOD_NS * (1 + count))
        simulated.until(count)

    assert simulated.beats == [2 * PERIOD_NS, 3 * PERIOD_NS, 4 * PERIOD_NS]


def test_missed_beats_are_skipped_and_the_grid_stays(simulated: SimulatedBeat) -> None:
    simulated.set(round(4.5 * PERIOD_NS))
    simulated.until(1)
    simulated.set(round(4.9 * PERIOD_NS))
    simulated.set(5 * PERIOD_NS)
    simulated.until(2)

    assert simulated.beats == [round(4.5 * PERIOD_NS), 5 * PERIOD_NS]


def test_a_clock_that_is_set_back_beats_on(simulated: SimulatedBeat) -> None:
    simulated.set(50 * PERIOD_NS)
    simulated.until(1)
    simulated.set(PERIOD_NS)
    simulated.until(2)
    simulated.set(2 * PERIOD_NS)
    simulated.until(3)

    assert simulated.beats[1:] == [PERIOD_NS, 2 * PERIOD_NS]


def test_on_the_wall_clock_a_stop_ends_the_wait() -> None:
    beat = RosBeat(ROSClock(), 0.001)
    stop = threading.Event()
    threading.Timer(0.05, stop.set).start()

    assert not beat.wait(stop)
    beat.close()
