"""`pi0 eval`: options, and the run from loading to the table."""

import argparse
import os
from pathlib import Path

from pi0_ros.cli.number_options import number, whole
from pi0_ros.cli.output_file import require_writable

DESCRIPTION = """\
Counts how often a policy touches the block that it was told to, in the simulated reaching task:
an arm, a table with a red and a blue block at random places, three cameras. Observation, chunks,
playback and limits are the ones that run behind the topics; time is simulated, so that a seed
gives the same result every time. Success is the physics' word: the block asked for was touched
first, within 10 simulated seconds.

The baselines make the number honest: told to go to the other block (and still judged by the
first), told nothing, shown grey pictures, and the same model with random weights. The policy also
runs once with its chunks sent to the arm as they come, to see what the limiter changes."""
EXAMPLES = """\
examples:
  pi0 eval                                            100 episodes of the shipped checkpoint
  pi0 eval --episodes 20 --no-baselines               a quick look
  pi0 eval --episodes 200 --in-a-row 10               one try after the other, as in the demo
  pi0 eval --policy-path checkpoints/mine --report eval.json --plots eval/ --video eval.mp4"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--policy-path",
        type=Path,
        metavar="DIR",
        help="the checkpoint (default: the one that comes with the package)",
    )
    parser.add_argument(
        "--episodes",
        type=whole(1),
        default=100,
        metavar="N",
        help="how many tries, each with its own scene and start (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of scenes and starts (default: %(default)s)"
    )
    parser.add_argument(
        "--in-a-row",
        type=whole(1),
        default=1,
        metavar="N",
        help="put a new scene N - 1 times around the arm where the try before left it, as "
        "`pi0 demo` does; then it begins anew (default: %(default)s: every try begins anew)",
    )
    parser.add_argument(
        "--engine", choices=("fast", "lerobot"), default="fast", help="what computes chunks"
    )
    parser.add_argument(
        "--device", default="cpu", help="auto, cpu, cuda or cuda:N (default: %(default)s)"
    )
    parser.add_argument(
        "--action-rate",
        type=number("a rate above 0 and at most 1000 Hz", lambda value: 0.0 < value <= 1000.0),
        default=10.0,
        metavar="HZ",
        help="rows of a chunk a second, as the demonstrations were recorded (default: %(default)s)",
    )
    parser.add_argument(
        "--latency",
        type=number("0 to 5 seconds", lambda value: 0.0 <= value <= 5.0),
        default=0.06,
        metavar="S",
        help="simulated, from a picture to its chunk at the controller (default: %(default)s)",
    )
    parser.add_argument(
        "--no-baselines", action="store_true", help="only the policy as it is, with limits"
    )
    parser.add_argument(
        "--workers",
        type=whole(1),
        default=min(2, os.cpu_count() or 1),
        metavar="N",
        help="processes that share the episodes; the result is the same (default: %(default)s)",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write everything as JSON")
    parser.add_argument("--plots", type=Path, metavar="DIR", help="draw the results as PNG files")
    parser.add_argument(
        "--video", type=Path, metavar="FILE", help="film the first episodes (MP4, --video-episodes)"
    )
    parser.add_argument(
        "--video-episodes", type=whole(1), default=4, metavar="N", help="(default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Evaluates and prints; returns the exit status."""
    for option, path in (("--report", arguments.report), ("--video", arguments.video)):
        require_writable(option, path)
    # Only now: torch and LeRobot take seconds to import.
    from pi0_ros.cli.eval.session import run_session

    return run_session(arguments)
