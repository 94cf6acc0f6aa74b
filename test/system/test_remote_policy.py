"""The demo arm, driven by a policy server in a process of its own."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from contracts import velocity_limits
from contracts.listener import Listener
from contracts.recording import Recording
from pi0_ros.msg import PolicyStatus, SafetyReport
from system.harness import STARTUP_S, Command, all_segments, remove_orphans

from pi0_ros.bringup import DEMO
from pi0_ros.cli.demo.processes import Processes
from pi0_ros.cli.domain import reserve_domain
from pi0_ros.ros import topics

_DEADLINE_S = 60.0


@pytest.fixture
def listener(isolated: None) -> Iterator[Listener]:
    before = all_segments()
    with reserve_domain() as domain, Listener(domain.domain, pictures=False) as listener:
        os.environ["ROS_DOMAIN_ID"] = str(domain.domain)
        yield listener
    os.environ.pop("ROS_DOMAIN_ID")
    remove_orphans(all_segments() - before)


def port_of(server: Command) -> str:
    line = next(line for line in server.output.splitlines() if line.startswith("serving "))
    return line.split("ws://127.0.0.1:")[1].split(":")[0]


def state(wanted: int) -> Callable[[Recording], bool]:
    def holds(recording: Recording) -> bool:
        report = recording.last(topics.SAFETY_REPORT.name)
        return report is not None and report.state == wanted

    return holds


def test_the_arm_holds_while_the_server_is_gone_and_goes_on_by_itself(
    listener: Listener, pi0: Callable[..., Command], tmp_path: Path
) -> None:
    server = pi0("serve", "--mode", "demo", "--port", "0")
    server.wait_for("serving ")
    port = port_of(server)
    specs = DEMO.nodes({"policy_path": f"ws://127.0.0.1:{port}"})
    processes = Processes(specs, os.environ, tmp_path)
    try:
        listener.until(
            state(SafetyReport.STATE_RUN), STARTUP_S, "a moving arm", alive=processes.deaths
        )
        status = listener.recording.last(topics.POLICY_STATUS.name)
        assert status.policy_id.startswith(f"remote/127.0.0.1:{port}/demo/pi0_tiny-")
        assert status.mode == PolicyStatus.MODE_DEMO

        server.process.kill()
        listener.until(state(SafetyReport.STATE_HOLD), _DEADLINE_S, "HOLD", alive=processes.deaths)
        listener.until(
            lambda heard: heard.last(topics.POLICY_STATUS.name).demand == PolicyStatus.DEMAND_HOLD,
            _DEADLINE_S,
            "the demand",
            alive=processes.deaths,
        )
        again = pi0("serve", "--mode", "demo", "--port", port)
        # Listening meanwhile: commands that are lost leave a jump in what is judged.
        listener.until(
            lambda _: "serving " in again.output, STARTUP_S, "a server", alive=processes.deaths
        )
        listener.until(
            state(SafetyReport.STATE_RUN), _DEADLINE_S, "RUN again", alive=processes.deaths
        )
        reports = listener.recording.of(topics.SAFETY_REPORT.name)
        assert SafetyReport.STATE_LATCHED not in {report.state for report in reports}
        velocity_limits.check_no_limit_is_broken(listener.recording)
    finally:
        processes.stop()
