"""`pi0 doctor`: a line for each thing that must be right, and what to do where it is not."""

import argparse
import os

from pi0_ros.cli.doctor_checks import all_checks
from pi0_ros.cli.doctor_outcome import Outcome
from pi0_ros.core.errors import Pi0RosError

DESCRIPTION = """\
Checks what the package needs on this machine, and whether a checkpoint of yours fits your robot
before anything starts. A line is ok, a warning (works, but worse than it could) or a failure with
what to change. The exit status is 1 where something fails."""
EXAMPLES = """\
examples:
  pi0 doctor
  pi0 doctor --params-file my_arm.yaml --policy-path ~/checkpoints/my_pi0
  pi0 doctor --policy-path ws://gpu-box:8000"""

# Of what follows a check's name.
_INDENT = 20
_WORDS = {Outcome.OK: "ok  ", Outcome.WARNING: "warn", Outcome.FAILURE: "FAIL"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--params-file",
        help="the robot's parameter file: a path, or the name of a file in the package's config/; "
        "without it, that of the demo arm is checked",
    )
    parser.add_argument(
        "--policy-path",
        help="a LeRobot checkpoint of yours, which is compared with --params-file, or the "
        "ws://HOST:PORT of a policy server; without it, the two checkpoints of the package are "
        "checked with the demo arm",
    )


def run(arguments: argparse.Namespace) -> int:
    worst = Outcome.OK
    for name, check in all_checks(arguments.params_file, arguments.policy_path, os.environ):
        try:
            outcome, detail = check()
        except (Pi0RosError, ImportError, OSError) as error:
            outcome, detail = Outcome.FAILURE, f"{error}"
        worst = max(worst, outcome)
        lines = detail.replace("\n", f"\n{'':<{_INDENT}}")
        print(f"{_WORDS[outcome]}  {name:<14}{lines}", flush=True)
    return 1 if worst is Outcome.FAILURE else 0
