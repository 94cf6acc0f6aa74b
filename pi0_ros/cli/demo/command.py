"""`pi0 demo`: the processes of demo.launch.py, a live table and a report, without `ros2 launch`."""

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pi0_ros.bringup import DEMO, SIM, NodeSpec
from pi0_ros.bringup.robot_file import node_parameters, robot_limits
from pi0_ros.cli.demo.command_oracle import CommandOracle
from pi0_ros.cli.demo.processes import Processes, failures
from pi0_ros.cli.demo.reaching import Reaching
from pi0_ros.cli.demo.record import DemoRecord
from pi0_ros.cli.demo.report import build_report
from pi0_ros.cli.demo.stopped import Stopped
from pi0_ros.cli.demo.summary import broken_promises, summarise
from pi0_ros.cli.demo.surroundings import arm_domain, new_log_folder
from pi0_ros.cli.demo.terminal import Terminal
from pi0_ros.cli.demo.viewer import Viewer, WantedView
from pi0_ros.cli.number_options import SECONDS
from pi0_ros.cli.output_file import require_writable, write_report
from pi0_ros.core.control_config import ControlConfig

if TYPE_CHECKING:
    from pi0_ros.cli.demo.monitor import DemoMonitor

DESCRIPTION = """\
Starts a simulated arm with cameras, policy and controller, as `ros2 launch pi0_ros sim.launch.py`
does, and shows how they are doing: the arm moves to the block that it is told to, one scene
after the other.
With --arm mock it starts mock cameras and a mock arm without physics, as demo.launch.py does, and
the arm circles. Ctrl-C stops everything; a second Ctrl-C kills.

The exit status is 0 where all went well, 1 where a node died, a limit was broken, a report got
lost, steady running was never reached, a command was heard in a dry run or a video was not
written, 2 for a wrong command line."""
EXAMPLES = """\
examples:
  pi0 demo
  pi0 demo --instruction "move to the blue block"
  pi0 demo --view
  pi0 demo --seconds 20 --video arm.mp4
  pi0 demo --arm mock --instruction "circle over the blue block"
  pi0 demo --seconds 20 --report report.json
  pi0 demo --dry-run
  pi0 demo --mode real --policy-path ~/checkpoints/my_pi0 --params-file my_arm.yaml"""

_SPIN_S = 0.05
# Arguments of the bring-up that are options here, under the same names.
_OPTIONS = (
    "policy_path",
    "mode",
    "params_file",
    "instruction",
    "inference_rate",
    "command_interface",
    "speed_scale",
    "transport",
    "device",
    "engine",
    "rtc",
    "namespace",
    "log_level",
)
# Those that are true where they are given, and as in the parameter file where they are not.
_FLAGS = {
    "dry_run": "decide and report everything and send nothing to the arm; show how far what the "
    "policy wants is from what the arm does"
}
# Where the two bring-ups differ.
_HELP = {
    "policy_path": "a LeRobot checkpoint's folder, or ws://HOST:PORT of a policy server (default: "
    "the package's own for the arm: checkpoints/reach, with --arm mock checkpoints/demo)",
    "mode": "real: a checkpoint of yours, an error without one; demo: the package's, which know "
    "the demo arm only, and every status message says so (default: demo)",
}
_ARMS = {"sim": SIM, "mock": DEMO}


@dataclass(frozen=True, slots=True)
class _Run:
    """What one demo works with."""

    specs: tuple[NodeSpec, ...]
    record: DemoRecord
    seconds: float
    startup_timeout_s: float
    view: WantedView | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seconds",
        type=SECONDS,
        default=float("inf"),
        help="stop after so many seconds of steady running; start-up does not count",
    )
    parser.add_argument(
        "--arm",
        choices=tuple(_ARMS),
        default="sim",
        help="sim: physics, and blocks to touch; mock: neither (default: %(default)s)",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a JSON summary")
    parser.add_argument(
        "--view",
        type=int,
        nargs="?",
        const=0,
        metavar="PORT",
        help="show the cameras with the chunk drawn over them, as `pi0 view` does, on a page of "
        "this machine (default: any free port)",
    )
    parser.add_argument(
        "--video",
        type=Path,
        metavar="FILE.mp4",
        help="write the same as a video, from when the arm first runs",
    )
    for argument in DEMO.arguments:
        if argument.name in _FLAGS:
            parser.add_argument(
                f"--{argument.name.replace('_', '-')}",
                action="store_const",
                const="true",
                help=_FLAGS[argument.name],
            )
        elif argument.name in _OPTIONS:
            parser.add_argument(
                f"--{argument.name.replace('_', '-')}",
                choices=[choice for choice in argument.choices if choice] or None,
                metavar=None if argument.choices else argument.name.upper(),
                help=_HELP.get(argument.name, argument.description),
            )
    parser.add_argument(
        "--domain",
        type=int,
        help="ROS domain, 0 to 101; without it and without ROS_DOMAIN_ID a free one is taken",
    )
    parser.add_argument(
        "--startup-timeout",
        type=SECONDS,
        default=180.0,
        metavar="SECONDS",
        help="give up where steady running is not reached by then (default 180)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Runs the demo to its end; returns the exit status."""
    given = {name: getattr(arguments, name) for name in (*_OPTIONS, *_FLAGS)}
    bringup = _ARMS[arguments.arm]
    specs = bringup.nodes({name: value for name, value in given.items() if value is not None})
    require_writable("--report", arguments.report)
    reaching = Reaching() if bringup is SIM and not arguments.dry_run else None
    if reaching is not None and arguments.instruction is not None:
        reaching.give(arguments.instruction)
    run_ = _Run(
        specs,
        _new_record(specs, reaching),
        arguments.seconds,
        arguments.startup_timeout,
        _wanted_view(arguments),
    )
    namespace = specs[0].namespace
    with arm_domain(arguments.domain, namespace, cure="choose --domain or --namespace") as domain:
        way_in = f"export ROS_DOMAIN_ID={domain.number}"
        terminal = Terminal(f"from another terminal:  {way_in}")
        terminal.say(f"ROS domain {domain.number}; to look in from another terminal: {way_in}")
        for note in domain.notes:
            terminal.say(f"note: {note}")
        domain.require_no_other_arm(terminal.say)
        status, seconds, problems = _run_in_domain(run_, terminal)
    if arguments.report is not None:
        write_report(arguments.report, build_report(run_.record, seconds, status, problems))
        terminal.say(f"report: {arguments.report}")
    return status


def _run_in_domain(run_: _Run, terminal: Terminal) -> tuple[int, float, list[str]]:
    """Exit status, seconds of steady running, and what went wrong."""
    # Only now: rclpy takes its domain and its transports from the environment.
    from pi0_ros.cli.demo.monitor import DemoMonitor

    monitor = DemoMonitor(run_.specs[0].namespace)
    try:
        monitor.listen(run_.record)
        folder = new_log_folder()
        stopped = Stopped()
        processes = Processes(run_.specs, os.environ, folder)
        viewer = Viewer(run_.view, run_.specs, os.environ, folder)
        terminal.say(f"started {', '.join(processes.pids)}; logs in {folder}")
        with stopped.on_signals(processes):
            try:
                problem = _watch(run_, monitor, processes, viewer, terminal, stopped)
            finally:
                seconds = run_.record.steady_s(time.monotonic())
                terminal.leave_table()
                viewer.ask_to_end()
                processes.stop()
                viewer.end(terminal)
    finally:
        monitor.close()
    problems = [problem] if problem else []
    problems += viewer.problems()
    problems += broken_promises(run_.record)
    # Stopped while it still loads, a process may end as it likes.
    if not problems and run_.record.steady is not None:
        problems += failures(processes.ended)
    summarise(terminal, run_.record, seconds, problems)
    return (1 if problems else 0), seconds, problems


def _watch(
    run_: _Run,
    monitor: "DemoMonitor",
    processes: Processes,
    viewer: Viewer,
    terminal: Terminal,
    stopped: Stopped,
) -> str:
    """Until the time is up or a signal comes; returns what went wrong, in words, or nothing."""
    record = run_.record
    deadline_s = time.monotonic() + run_.startup_timeout_s
    announced = False
    while not stopped.by_user:
        monitor.spin(_SPIN_S)
        deaths = processes.deaths()
        if deaths:
            return deaths
        viewer.follow(terminal)
        now_s = time.monotonic()
        if record.steady is None:
            phase = record.waiting_for() or "the next status of the policy"
            if now_s > deadline_s:
                return (
                    f"no steady running after {run_.startup_timeout_s:.0f} s, still waiting for "
                    f"{phase} (--startup-timeout)"
                )
            terminal.progress(phase)
            continue
        if not announced:
            announced = True
            terminal.say(f"running steadily after {terminal.elapsed_s:.0f} s")
        terminal.show(record, record.steady_s(now_s))
        monitor.go_on_reaching()
        line = terminal.typed_line()
        if line and record.reaching is not None:
            record.reaching.give(line)
        elif line:
            monitor.say_instruction(line)
        # At a status of the policy, so that its counters cover the whole time.
        if record.policy is not None and record.steady_s(record.policy.at_s) >= run_.seconds:
            break
    return ""


def _new_record(specs: tuple[NodeSpec, ...], reaching: Reaching | None) -> DemoRecord:
    """A record whose oracle knows the limits from the robot's file, not from the controller."""
    controller = next(spec for spec in specs if spec.name == "pi0_controller")
    parameters = node_parameters(controller.params_file, controller.full_name)
    rate_hz = float(parameters.get("control_rate", ControlConfig().control_rate_hz))
    limits = robot_limits(controller.params_file, controller.full_name)
    dry_run = (parameters | dict(controller.parameters)).get("dry_run", ControlConfig().dry_run)
    oracle = CommandOracle(limits, step_ns=ControlConfig(rate_hz).tick_ns)
    return DemoRecord(oracle, dry_run=bool(dry_run), reaching=reaching)


def _wanted_view(arguments: argparse.Namespace) -> WantedView | None:
    if arguments.video is not None:
        # Only now: what writes videos takes a while to import.
        from pi0_ros.cli.view.video import require_video_file

        require_video_file(arguments.video)
    if arguments.view is None and arguments.video is None:
        return None
    return WantedView(arguments.view, arguments.video)
