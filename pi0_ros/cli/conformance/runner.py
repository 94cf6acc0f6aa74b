"""Runs cases one after the other, on processes that are started anew where that is needed."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pi0_ros.bringup import CONFORMANCE, DEMO, NodeSpec
from pi0_ros.bringup.robot_file import node_parameters, robot_limits
from pi0_ros.cli.conformance.case import Case, CaseFailed, Setting
from pi0_ros.cli.conformance.damaged_checkpoint import damaged_checkpoint
from pi0_ros.cli.conformance.ear import Ear
from pi0_ros.cli.conformance.finding import Attempt, Finding
from pi0_ros.cli.conformance.stage import CONTROLLER, POLICY, Stage
from pi0_ros.cli.demo.processes import Processes
from pi0_ros.core.control_config import ControlConfig
from pi0_ros.share import share_directory

PolicyKind = Literal["stub", "demo", "external"]


def specs_of(setting: Setting, policy: PolicyKind, folder: Path) -> tuple[NodeSpec, ...]:
    """The processes of a setting.

    Args:
        folder: where a damaged checkpoint is made.
    """
    clock = {"use_sim_time": "true" if setting.simulated_time else "false"}
    bringup = CONFORMANCE if policy == "stub" and not setting.checkpoint else DEMO
    specs = bringup.nodes(clock)
    left_out = {*setting.without, *((POLICY,) if policy == "external" else ())}
    changes = {node: dict(values) for node, values in setting.parameters.items()}
    if setting.checkpoint:
        good = share_directory() / "checkpoints" / "demo"
        damaged = damaged_checkpoint(good, setting.checkpoint, folder)
        changes.setdefault(POLICY, {})["policy_path"] = str(damaged)
    return tuple(
        replace(spec, parameters={**spec.parameters, **changes.get(spec.name, {})})
        for spec in specs
        if spec.name not in left_out
    )


class Runner:
    """Keeps one stage, and replaces it where a case needs another one or has spent it.

    Args:
        folder: for logs.
        say: takes one line for the user.
        attempts: at each case, until one passes.
        stopped: whether the user wants to stop.
    """

    def __init__(
        self,
        policy: PolicyKind,
        folder: Path,
        say: Callable[[str], None],
        attempts: int,
        stopped: Callable[[], bool] = bool,
    ) -> None:
        self._policy = policy
        self._attempts = attempts
        self._folder = folder
        self._say = say
        self._stopped = stopped
        self._stage: Stage | None = None
        self._stages = 0

    def runnable(self, cases: Iterable[Case]) -> tuple[Case, ...]:
        """Those that can be tried with this policy."""
        possible: Mapping[PolicyKind, tuple[str, ...]] = {
            "stub": ("any", "process", "scripted"),
            "demo": ("any", "process"),
            "external": ("any",),
        }
        return tuple(case for case in cases if case.needs in possible[self._policy])

    def run(self, cases: Iterable[Case]) -> Iterator[Finding]:
        """Each finding as soon as it is there; ends early where the user stops."""
        try:
            for case in cases:
                if self._stopped():
                    return
                yield self._tried(case)
        finally:
            self.close()

    def _tried(self, case: Case) -> Finding:
        attempts: list[Attempt] = []
        while len(attempts) < self._attempts and not self._stopped():
            try:
                attempts.append(Attempt(self._acted(case)))
            except CaseFailed as failure:
                attempts.append(Attempt(None, str(failure)))
                self.close()
            if attempts[-1].in_time(case.deadline_s):
                break
        return Finding(case, tuple(attempts))

    def _acted(self, case: Case) -> float:
        stage = self.stage(case.setting)
        if case.setting.starts_running:
            stage.running()
        seconds = case.act(stage)
        stage.judge()
        if case.spends or not case.setting.starts_running:
            self.close()
        return seconds

    def stage(self, setting: Setting) -> Stage:
        """The stage of a setting, new or as the case before left it."""
        if self._stage is not None and self._stage.setting is not setting:
            self.close()
        if self._stage is None:
            self._stage = self._new_stage(setting)
        return self._stage

    def _new_stage(self, setting: Setting) -> Stage:
        self._stages += 1
        folder = self._folder / f"{self._stages:02d}"
        folder.mkdir(parents=True)
        specs = specs_of(setting, self._policy, folder)
        controller = next(spec for spec in specs if spec.name == CONTROLLER)
        parameters = node_parameters(controller.params_file, controller.full_name)
        rate_hz = float(parameters.get("control_rate", ControlConfig().control_rate_hz))
        ear = Ear(
            controller.namespace,
            robot_limits(controller.params_file, controller.full_name),
            ControlConfig(rate_hz).tick_ns,
            setting.hear_commands,
        )
        if setting.simulated_time:
            ear.start_clock()
        return Stage(ear, Processes(specs, os.environ, folder), setting)

    def close(self) -> None:
        """Ends the processes of the present stage."""
        stage, self._stage = self._stage, None
        if stage is not None:
            cast: Any = stage.cast
            cast.stop()
            stage.ear.close()
