"""The `pi0` command."""

import argparse
import importlib
import sys
from collections.abc import Sequence

from pi0_ros import __version__
from pi0_ros.core.errors import Pi0RosError

# Name -> one line. A command's module is imported only when it is called: some take seconds.
COMMANDS = {
    "bench": "time Pi0's engines side by side, with the error of each",
    "conformance": "make every fault happen and check what comes of it",
    "demo": "drive a simulated arm with Pi0 and watch",
    "doctor": "check the installation and say what to change",
    "eval": "count how often a policy touches the block it was told to, in simulation",
    "make-checkpoint": "train the small Pi0 that circles over the mocked blocks",
    "record": "record demonstrations into a LeRobotDataset",
    "reference": "print the tables of topics, services, parameters and messages",
    "serve": "serve a checkpoint to a robot elsewhere, over openpi's protocol",
    "train": "train a Pi0 on recorded episodes",
    "view": "show what a running arm sees and plans, on a page or as a video",
}
_EPILOG = """\
examples:
  pi0 demo                                    watch an arm move, no hardware needed
  pi0 demo --seconds 20 --report r.json       measure it
  pi0 doctor                                  what is installed, what is missing
  pi0 COMMAND --help                          all options of a command

on your own arm, with a ROS 2 installation:
  ros2 launch pi0_ros bringup.launch.py policy_path:=FOLDER params_file:=my_arm.yaml \\
    dry_run:=true"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status: 0 well, 1 failed, 2 wrong command line."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    parsed = _parser(_command_in(words)).parse_args(words)
    module = _module(parsed.command)
    try:
        return int(module.run(parsed))
    except Pi0RosError as error:
        print(f"pi0 {parsed.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _command_in(words: Sequence[str]) -> str | None:
    first = next((word for word in words if not word.startswith("-")), None)
    return first if first in COMMANDS else None


def _parser(command: str | None) -> argparse.ArgumentParser:
    """The parser; only the options of `command` are filled in."""
    parser = argparse.ArgumentParser(
        prog="pi0",
        description="Drive a robot arm with a Pi0 vision-language-action policy over ROS 2.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"pi0_ros {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, line in COMMANDS.items():
        subparser = commands.add_parser(
            name, help=line, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        if name == command:
            module = _module(name)
            subparser.description = getattr(module, "DESCRIPTION", line)
            subparser.epilog = getattr(module, "EXAMPLES", None)
            module.add_arguments(subparser)
    return parser


def _module(command: str):  # type: ignore[no-untyped-def]  # each has add_arguments and run
    return importlib.import_module(f"pi0_ros.cli.{command.replace('-', '_')}")


if __name__ == "__main__":
    sys.exit(main())
