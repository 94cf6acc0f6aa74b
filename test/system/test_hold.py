"""Holds in real processes: by service, and when the policy falls silent."""

import os
import signal

import pytest
from contracts import velocity_limits
from contracts.recording import Recording
from pi0_ros.msg import SafetyReport
from system.harness import RunningDemo

from pi0_ros.ros import topics

_DEADLINE_S = 30.0


def in_state(state: int):
    """Whether the newest report says so."""

    def condition(recording: Recording) -> bool:
        report = recording.last(topics.SAFETY_REPORT.name)
        return report is not None and report.state == state

    return condition


@pytest.fixture
def running(demo: RunningDemo) -> RunningDemo:
    demo.listener.restart()
    demo.listener.until(in_state(SafetyReport.STATE_RUN), _DEADLINE_S, "RUN")
    return demo


def test_hold_by_service_latches_within_limits_until_reset(running: RunningDemo) -> None:
    listener = running.listener
    assert listener.call(topics.HOLD).success
    recording = listener.until(in_state(SafetyReport.STATE_LATCHED), _DEADLINE_S, "LATCHED")
    assert topics.RESET.name in recording.last(topics.SAFETY_REPORT.name).reason
    listener.until(at_rest, _DEADLINE_S, "the arm at rest")
    assert listener.call(topics.RESET).success
    listener.until(in_state(SafetyReport.STATE_RUN), _DEADLINE_S, "RUN after the reset")
    velocity_limits.check_no_limit_is_broken(listener.recording)


def at_rest(recording: Recording) -> bool:
    states = recording.of(topics.JOINT_STATES.name)[-5:]
    return all(abs(value) < 1e-3 for state in states for value in state.velocity)


def test_a_stopped_policy_process_leads_to_a_hold_and_back(running: RunningDemo) -> None:
    listener, pid = running.listener, running.processes.pids["pi0_policy"]
    os.kill(pid, signal.SIGSTOP)
    try:
        recording = listener.until(in_state(SafetyReport.STATE_HOLD), _DEADLINE_S, "HOLD")
        assert recording.last(topics.SAFETY_REPORT.name).reason
    finally:
        os.kill(pid, signal.SIGCONT)
    listener.until(in_state(SafetyReport.STATE_RUN), _DEADLINE_S, "RUN again")
    velocity_limits.check_no_limit_is_broken(listener.recording)
