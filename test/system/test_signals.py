"""Every node ends with status 0 when told to, also when told more than once."""

import os
import signal
import time
from pathlib import Path

from contracts.listener import Listener
from pi0_ros.msg import PolicyStatus
from system.harness import STARTUP_S

from pi0_ros.bringup import DEMO
from pi0_ros.cli.demo.processes import Processes, failures
from pi0_ros.cli.domain import reserve_domain
from pi0_ros.ros import topics

_END_S = 5.0


def test_repeated_ctrl_c_still_ends_every_node_with_status_0(isolated, tmp_path: Path) -> None:
    """Under `ros2 launch` a Ctrl-C comes from the terminal and once more from launch."""

    def loaded(recording) -> bool:
        status = recording.last(topics.POLICY_STATUS.name)
        return status is not None and status.state == PolicyStatus.STATE_RUNNING

    with reserve_domain() as domain, Listener(domain.domain, pictures=False) as listener:
        environment = os.environ | {"ROS_DOMAIN_ID": str(domain.domain)}
        processes = Processes(DEMO.nodes({}), environment, tmp_path)
        try:
            listener.until(loaded, STARTUP_S, "a running policy", alive=processes.deaths)
            deadline = time.monotonic() + _END_S
            while processes.pids and time.monotonic() < deadline:
                for pid in processes.pids.values():
                    os.kill(pid, signal.SIGINT)
                time.sleep(0.05)
                processes.deaths()
            assert not processes.pids, f"still running after {_END_S} s: {list(processes.pids)}"
            assert failures(processes.ended) == []
        finally:
            processes.kill()
    for log in tmp_path.glob("*.log"):
        assert "Traceback" not in log.read_text(), log
