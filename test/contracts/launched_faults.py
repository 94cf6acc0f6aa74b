"""The mocks that can misbehave under launch_testing, one launch for each case."""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from launch.events.process import ProcessExited
from launch_testing.actions import ReadyToTest

from launch import LaunchDescription
from pi0_ros.bringup import process_environment
from pi0_ros.bringup.robot_file import robot_limits
from pi0_ros.cli.conformance.case import Case, CaseFailed
from pi0_ros.cli.conformance.catalogue import named
from pi0_ros.cli.conformance.ear import Ear
from pi0_ros.cli.conformance.runner import specs_of
from pi0_ros.cli.conformance.stage import CONTROLLER, Stage
from pi0_ros.cli.domain import Reservation, reserve_domain
from pi0_ros.core.control_config import ControlConfig
from pi0_ros.launch_description import environment_actions, node_action
from pi0_ros.share import share_directory


class LaunchedProcesses:
    """What a case knows of processes, from launch's own records."""

    def __init__(self, proc_info: Any, proc_output: Any) -> None:
        self._info = proc_info
        self._output = proc_output

    @property
    def pids(self) -> Mapping[str, int]:
        return {
            _name(process): self._info[process].pid
            for process in self._info.processes()
            if not isinstance(self._info[process], ProcessExited)
        }

    def status_of(self, node: str) -> int | None:
        for process in self._processes(node):
            event = self._info[process]
            return int(event.returncode) if isinstance(event, ProcessExited) else None
        # Not started yet.
        return None

    def output_of(self, node: str) -> str:
        texts = [io.text for process in self._processes(node) for io in self._output[process]]
        return b"".join(texts).decode(errors="replace")

    def start(self, node: str) -> None:
        raise CaseFailed(f"{node}: launch starts no process a second time")

    def _processes(self, node: str) -> list[Any]:
        return [process for process in self._info.processes() if _name(process) == node]


def _name(process: Any) -> str:
    return str(process.node_name).rpartition("/")[2]


@cache
def _domain() -> Reservation:
    """Reserved until this process ends."""
    return reserve_domain()


def fault_description(name: str) -> tuple[LaunchDescription, dict[str, Any]]:
    """Starts what the case needs, and hands its `case` and `ear` to the tests."""
    os.environ["ROS_DOMAIN_ID"] = str(_domain().domain)
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    # For the ear, which lives in this process.
    os.environ.update(process_environment(share_directory(), os.environ).variables())
    case = named(name)
    specs = specs_of(case.setting, "stub", Path(tempfile.mkdtemp(prefix="pi0_ros-fault-")))
    controller = next(spec for spec in specs if spec.name == CONTROLLER)
    limits = robot_limits(controller.params_file, controller.full_name)
    ear = Ear("", limits, ControlConfig().tick_ns, case.setting.hear_commands)
    if case.setting.simulated_time:
        ear.start_clock()
    # A process that a case kills is not the end of the launch.
    nodes = [node_action(replace(spec, required=False)) for spec in specs]
    description = LaunchDescription([*environment_actions(), *nodes, ReadyToTest()])
    return description, {"case": case, "ear": ear}


def acted(case: Case, ear: Ear, proc_info: Any, proc_output: Any) -> float:
    """After how many seconds the fault was detected.

    Raises:
        CaseFailed: something else came of it than what is promised.
    """
    stage = Stage(ear, LaunchedProcesses(proc_info, proc_output), case.setting)
    try:
        if case.setting.starts_running:
            stage.running()
        seconds = case.act(stage)
        stage.judge()
        return seconds
    finally:
        ear.close()
