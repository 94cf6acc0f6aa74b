"""`pi0 conformance`: makes every fault happen and checks what comes of it."""

import argparse
import time
from pathlib import Path

from pi0_ros.cli.conformance.case import STANDARD, Case
from pi0_ros.cli.demo.surroundings import arm_domain, new_log_folder
from pi0_ros.cli.number_options import whole
from pi0_ros.cli.output_file import require_writable, write_report
from pi0_ros.cli.stop_request import stop_on_signals
from pi0_ros.core.errors import ConfigurationError
from pi0_ros.core.stop_request import StopRequest

DESCRIPTION = """\
Starts a mock arm, mock cameras, a policy and the controller, makes one fault after the other happen
and checks that the promised reaction comes in time, that no command breaks a limit meanwhile, and
that motion goes on where it should. docs/safety.md has the table.

The exit status is 0 where every promise was kept, 1 where one was not, 2 for a wrong command
line."""
EXAMPLES = """\
examples:
  pi0 conformance --report conformance.json
  pi0 conformance --only camera_frozen --only joint_6_stuck
  pi0 conformance --kills 50                  kill and freeze processes in motion, 50 times
  pi0 conformance --policy demo               with the Pi0 of the demo in place of a scripted policy
  pi0 conformance --policy external --domain 5
                                              with a policy of yours that runs in ROS domain 5,
                                              publishes action_chunk and pi0_policy/status for the
                                              demo arm, and reads its cameras main, side and top"""

_KILLS = 4
_ATTEMPTS = 3
_MISSING = "no such case: {}; pi0 conformance --list names them all"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--report", type=Path, metavar="FILE", help="write what was found as JSON")
    parser.add_argument(
        "--only", action="append", default=[], metavar="CASE", help="run this case; may be repeated"
    )
    parser.add_argument("--list", action="store_true", help="name all cases and run none")
    parser.add_argument(
        "--kills",
        type=whole(),
        metavar="N",
        help="how often a process is killed or frozen at a random moment (default 4, or 0 with "
        "--only or an external policy)",
    )
    parser.add_argument(
        "--attempts",
        type=whole(1),
        default=_ATTEMPTS,
        metavar="N",
        help="how often a case is tried until it passes, all of which the report tells; other "
        f"programs on a busy machine delay these (default {_ATTEMPTS})",
    )
    parser.add_argument("--seed", type=int, help="of these moments; drawn anew unless given")
    parser.add_argument(
        "--policy",
        choices=("stub", "demo", "external"),
        default="stub",
        help="stub: a scripted one, with which all cases can be run. demo: the demo's Pi0. "
        "external: one that you started",
    )
    parser.add_argument(
        "--domain",
        type=int,
        help="ROS domain, 0 to 101; without it a free one is taken, whatever ROS_DOMAIN_ID says. "
        "With an external policy it is ROS_DOMAIN_ID, and a free one without that",
    )


def run(arguments: argparse.Namespace) -> int:
    """Runs the cases; returns the exit status."""
    cases = _chosen(arguments.only)
    if arguments.list:
        for case in cases:
            print(f"{case.name:36} {case.fault}: {case.reaction}")
        return 0
    require_writable("--report", arguments.report)
    if arguments.kills is None:
        alone = arguments.only or arguments.policy == "external"
        arguments.kills = 0 if alone else _KILLS
    if arguments.kills and arguments.policy == "external":
        raise ConfigurationError("--kills: processes that somebody else started are not killed")
    external = arguments.policy == "external"
    with arm_domain(arguments.domain, users_domain=external) as domain:
        theirs = f"; your policy's, too: export ROS_DOMAIN_ID={domain.number}" if external else ""
        _say(f"ROS domain {domain.number}{theirs}")
        domain.require_no_other_arm(_say)
        # The present case ends, then everything.
        with stop_on_signals() as stop:
            return _run_in_domain(arguments, cases, stop)


def _say(line: str) -> None:
    print(line, flush=True)


def _chosen(names: list[str]) -> tuple[Case, ...]:
    from pi0_ros.cli.conformance.catalogue import CASES

    unknown = sorted(set(names) - {case.name for case in CASES})
    if unknown:
        raise ConfigurationError(_MISSING.format(", ".join(unknown)))
    return tuple(case for case in CASES if not names or case.name in names)


def _run_in_domain(
    arguments: argparse.Namespace, cases: tuple[Case, ...], stop: StopRequest
) -> int:
    # Only now: rclpy takes its domain and its transports from the environment.
    from pi0_ros.cli.conformance.kills import kill_again_and_again
    from pi0_ros.cli.conformance.report import build_report
    from pi0_ros.cli.conformance.runner import Runner

    folder = new_log_folder("pi0_conformance")
    runner = Runner(arguments.policy, folder, print, arguments.attempts, lambda: stop.requested)
    possible = runner.runnable(cases)
    not_run = [case.name for case in cases if case not in possible]
    _say(f"{len(possible)} cases; logs in {folder}")
    began_s, findings, kills = time.monotonic(), [], None
    for finding in runner.run(possible):
        findings.append(finding)
        _say(finding.line())
    if arguments.kills:
        seed = arguments.seed if arguments.seed is not None else time.time_ns() % 1_000_000
        try:
            kills = kill_again_and_again(
                lambda: runner.stage(STANDARD),
                runner.close,
                arguments.kills,
                seed,
                _say,
                lambda: stop.requested,
            )
        finally:
            runner.close()
    result = build_report(findings, not_run, kills, arguments.policy)
    if arguments.report is not None:
        write_report(arguments.report, result)
    failed = [finding.case.name for finding in findings if not finding.passed]
    failed += kills.problems if kills is not None else []
    print(
        f"{len(findings)} cases in {time.monotonic() - began_s:.0f} s: "
        + (f"{len(failed)} FAILED: {', '.join(failed)}" if failed else "all promises kept")
        + (f"; not run with this policy: {', '.join(not_run)}" if not_run else "")
        + ("; stopped before the end" if stop.requested else "")
    )
    return 1 if failed or stop.requested else 0
