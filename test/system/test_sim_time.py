"""Policy, controller and simulated arm on a clock that is slow, that stops, and that goes on."""

import os
import signal
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from contracts import simulation_contracts, topic_contracts, velocity_limits
from contracts.listener import Listener
from contracts.recording import Recording, nanoseconds
from pi0_ros.msg import SafetyReport
from system.harness import STARTUP_S, all_segments, remove_orphans

from pi0_ros.bringup import SIM
from pi0_ros.cli.demo.processes import Processes
from pi0_ros.cli.domain import reserve_domain
from pi0_ros.ros import topics

_FACTOR = 0.5
_ENOUGH_COMMANDS = 110
_DEADLINE_S = 30.0
# inference_rate of the parameter file.
_CHUNK_HZ = 24.0
_MOST_JUMPS = 3


@dataclass(frozen=True)
class Simulation:
    listener: Listener
    processes: Processes

    def until_state(self, state: int, what: str) -> Recording:
        return self.listener.until(
            lambda heard: (report := _report(heard)) is not None and report.state == state,
            _DEADLINE_S,
            what,
            alive=self.processes.deaths,
        )


@pytest.fixture
def slow(isolated: None, tmp_path) -> Iterator[Simulation]:
    """A scripted policy moves the arm on simulated time at half the speed of real time."""
    specs = [
        replace(spec, executable="stub_policy_node") if spec.name == "pi0_policy" else spec
        for spec in SIM.nodes({"use_sim_time": "true", "real_time_factor": str(_FACTOR)})
    ]
    segments_before = all_segments()
    with reserve_domain() as domain:
        environment = os.environ | {"ROS_DOMAIN_ID": str(domain.domain)}
        with Listener(domain.domain, pictures=False) as listener:
            processes = Processes(specs, environment, tmp_path)
            try:
                listener.until(_moving, STARTUP_S, "a moving arm", alive=processes.deaths)
                listener.restart()
                yield Simulation(listener, processes)
            finally:
                processes.stop()
    assert [(end.name, end.status) for end in processes.ended if end.status] == []
    remove_orphans(all_segments() - segments_before)


def test_a_slow_clock_slows_everything_and_a_stopped_one_holds_until_it_goes_on(
    slow: Simulation,
) -> None:
    recording = slow.listener.until(
        lambda heard: len(heard.of(topics.JOINT_TRAJECTORY.name)) >= _ENOUGH_COMMANDS,
        _DEADLINE_S,
        "commands",
        alive=slow.processes.deaths,
    )
    reports = recording.of(topics.SAFETY_REPORT.name)
    not_running = [r.reason for r in reports if r.state != SafetyReport.STATE_RUN]
    # On a busy machine pictures may be late once.
    assert len(not_running) < 0.25 * len(reports), not_running
    simulation_contracts.check_clock(recording)
    _check_commands(recording)
    _check_chunk_rate(recording)

    simulation = slow.processes.pids["sim"]
    os.kill(simulation, signal.SIGSTOP)
    try:
        report = _report(slow.until_state(SafetyReport.STATE_HOLD, "HOLD on a stopped clock"))
    finally:
        os.kill(simulation, signal.SIGCONT)
    assert "stale" in report.reason
    slow.until_state(SafetyReport.STATE_RUN, "RUN on a clock that goes on")
    _check_commands(slow.listener.recording)


def _moving(recording: Recording) -> bool:
    report = _report(recording)
    return report is not None and report.state == SafetyReport.STATE_RUN


def _report(recording: Recording) -> SafetyReport | None:
    return recording.last(topics.SAFETY_REPORT.name)


def _check_commands(recording: Recording) -> None:
    """On the grid of simulated time, within limits, and in time for the arm."""
    topic_contracts.check_trajectories(recording)
    velocity_limits.check_commands(recording)
    simulated = [
        {pair.key: pair.value for pair in entry.values}
        for message in recording.of(topics.DIAGNOSTICS.name)
        for entry in message.status
        if entry.name == "/sim"
    ]
    assert simulated
    refused = {key for values in simulated for key in values if key.startswith("refused")}
    assert not refused
    # A late command makes the arm jump. On a busy machine that may happen once or twice.
    jumps = [int(value) for key, value in simulated[-1].items() if key.startswith("beyond limits")]
    assert len(jumps) == len(topic_contracts.JOINTS)
    assert max(jumps) <= _MOST_JUMPS


def _check_chunk_rate(recording: Recording) -> None:
    """inference_rate counts simulated seconds: by the wall clock there would be all pictures'."""
    chunks = recording.of(topics.ACTION_CHUNK.name)
    stamps = [nanoseconds(chunk.header.stamp) for chunk in chunks]
    period_s = statistics.mean(after - before for before, after in pairwise(stamps)) / 1e9
    assert period_s >= 0.9 / _CHUNK_HZ, f"{1.0 / period_s:.1f} chunks per simulated second"
