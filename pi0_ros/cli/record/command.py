"""`pi0 record`: options, and which of the two recordings is made."""

import argparse
from pathlib import Path

from pi0_ros.core.errors import ConfigurationError

DESCRIPTION = """\
Records demonstrations into a LeRobotDataset: pictures, joint positions and instruction as the
policy gets them, and the joint positions that the arm is commanded to at that instant. Pictures
and joints go through the same conversion as at inference, so what is learned from is what will be
seen.

Without --expert it listens to a running arm: start cameras, arm and whatever drives it first.
With --expert it simulates the demo arm and its demonstrator as fast as the machine computes, and
needs no running nodes."""
EXAMPLES = """\
episodes are begun and ended in another terminal, or by --episodes and --episode-seconds:
  ros2 service call /pi0_record/start std_srvs/srv/Trigger
  ros2 service call /pi0_record/stop std_srvs/srv/Trigger
  ros2 service call /pi0_record/discard std_srvs/srv/Trigger

examples:
  pi0 record --expert reach --episodes 200 --seed 1 --output ~/data/reach
  pi0 record --output ~/data/cups --params-file my_arm.yaml
  pi0 record --output ~/data/cups --params-file my_arm.yaml --resume
  pi0 record --output ~/data/cups --episodes 20 --episode-seconds 15 --pause-seconds 5

Ctrl-C ends a recording: finished episodes stay, the one under way is left out. The dataset is read
with lerobot.datasets.LeRobotDataset("any/name", root="~/data/reach"); docs/recording.md tells
more."""
EXPERTS = ("reach",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="folder of the dataset"
    )
    parser.add_argument(
        "--resume", action="store_true", help="add episodes to the dataset that is in DIR"
    )
    parser.add_argument(
        "--fps",
        type=_positive,
        default=10,
        metavar="N",
        help="frames a second, and so the rows a second of the chunks that a policy learns "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--pictures",
        choices=("video", "png"),
        default="video",
        help="video (H.264) is small; png keeps every pixel and takes several times the space "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--episodes", type=_positive, metavar="N", help="how many to record (--expert: needed)"
    )
    simulated = parser.add_argument_group("from the simulation")
    simulated.add_argument("--expert", choices=EXPERTS, help="who shows it: reach")
    simulated.add_argument(
        "--seed",
        type=int,
        default=0,
        help="of scenes and starts; the same seed gives the same episodes, also after --resume "
        "(default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Records; returns the exit status."""
    if arguments.expert is None:
        raise ConfigurationError("record: give --expert reach")
    if arguments.episodes is None:
        raise ConfigurationError("record: --expert needs --episodes N")
    return _run_simulated(arguments)


def _run_simulated(arguments: argparse.Namespace) -> int:
    # Only now: torch, LeRobot and MuJoCo take seconds to import.
    from pi0_ros.cli.record.simulated import record_simulated, simulated_layout, summary
    from pi0_ros.policy.dataset.writer import DatasetWriter

    output = arguments.output.expanduser()
    layout = simulated_layout(arguments.fps, arguments.pictures)
    status = 0
    with DatasetWriter(output, layout, resume=arguments.resume) as writer:
        try:
            failures = record_simulated(writer, arguments.episodes, arguments.seed, arguments.fps)
            print(f"{failures} failed demonstrations were left out")
        except KeyboardInterrupt:
            frames = writer.discard_episode()
            print(f"\nended by Ctrl-C: an unfinished episode of {frames} frames was left out")
            status = 130
        print(summary(writer, output))
    return status


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text}")
    return value
