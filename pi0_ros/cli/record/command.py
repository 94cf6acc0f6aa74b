"""`pi0 record`: options, and which of the two recordings is made."""

import argparse
from contextlib import ExitStack
from pathlib import Path

from pi0_ros.cli.number_options import whole
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
episodes are begun and ended in another terminal, or by --episode-seconds:
  ros2 service call /pi0_record/start std_srvs/srv/Trigger
  ros2 service call /pi0_record/stop std_srvs/srv/Trigger
  ros2 service call /pi0_record/discard std_srvs/srv/Trigger

examples:
  pi0 record --expert reach --episodes 200 --seed 1 --output ~/data/reach
  pi0 record --output ~/data/cups --params-file my_arm.yaml
  pi0 record --output ~/data/cups --params-file my_arm.yaml --resume
  pi0 record --output ~/data/cups --params-file my_arm.yaml --bag
  pi0 record --output ~/data/cups --params-file my_arm.yaml --remap "joint_states:=/ur/joint_states"
  pi0 record --output ~/data/cups --episodes 20 --episode-seconds 15 --pause-seconds 5

Ctrl-C ends a recording: finished episodes stay, the one under way is left out. LeRobot reads the
dataset with LeRobotDataset("any/name", root="~/data/reach"); docs/recording.md tells more."""
EXPERTS = ("reach", "reach-lessons", "reach-low", "reach-beside")
_LIVE_ONLY = (
    *("params_file", "remap", "instruction"),
    *("episode_seconds", "pause_seconds", "most_gaps", "bag"),
)

# Beyond what joint states of a picture may be old: for the command in force then.
_BAG_BEFORE_S = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="folder of the dataset"
    )
    parser.add_argument(
        "--resume", action="store_true", help="add episodes to the dataset that is in DIR"
    )
    parser.add_argument(
        "--fps",
        type=whole(1),
        default=10,
        metavar="N",
        help="frames a second, and so the rows a second of the chunks that a policy learns; at "
        "most half of what the cameras give (default: %(default)s)",
    )
    parser.add_argument(
        "--pictures",
        choices=("video", "png"),
        default="video",
        help="video (H.264) is small; png keeps every pixel and takes several times the space "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--episodes",
        type=whole(1),
        metavar="N",
        help="end after so many (default: at Ctrl-C; --expert needs it)",
    )
    simulated = parser.add_argument_group("from the simulation")
    simulated.add_argument(
        "--expert",
        choices=EXPERTS,
        help="who shows what: reach is the task as `pi0 eval` has it; reach-lessons are easier "
        "scenes, which show first what pictures and words mean; reach-low begins with a low arm, "
        "as after a try; reach-beside at rest beside a block, as where a policy came down amiss",
    )
    simulated.add_argument(
        "--seed",
        type=whole(),
        metavar="N",
        help="of scenes and starts; the same seed gives the same episodes, also with --resume "
        "(default: 0)",
    )
    live = parser.add_argument_group("from a running arm")
    live.add_argument(
        "--params-file",
        metavar="FILE",
        help="parameter file of your robot, as for bringup.launch.py: cameras, joints and what "
        "their features are called are those of the policy (default: demo_arm.yaml)",
    )
    live.add_argument("--namespace", default="", metavar="NS", help="of the arm's topics")
    live.add_argument(
        "--remap",
        metavar="WORDS",
        help="as for bringup.launch.py, where your drivers publish on other topics, or the arm's "
        'controller listens to another: "camera/main/image_raw:=/front/color/image_raw ..."',
    )
    live.add_argument(
        "--instruction", metavar="TEXT", help="the task, until one comes on the topic instruction"
    )
    live.add_argument(
        "--episode-seconds",
        type=float,
        metavar="S",
        help="episodes begin by themselves and end after so long (default: services)",
    )
    live.add_argument(
        "--pause-seconds",
        type=float,
        metavar="S",
        help="between two such episodes (default: 3)",
    )
    live.add_argument(
        "--most-gaps",
        type=whole(),
        metavar="N",
        help="an episode that lacks more frames than this is left out (default: 0)",
    )
    live.add_argument(
        "--bag",
        nargs="?",
        choices=("mcap", "sqlite3"),
        const="mcap",
        metavar="mcap|sqlite3",
        help="of each episode also a rosbag2 in DIR.bags, with every message as it came, for "
        "`ros2 bag play`, Foxglove and PlotJuggler; --bag alone is mcap. Raw pictures are large: "
        "three of 640x480 at 30 Hz are 83 MB/s",
    )
    live.add_argument(
        "--robot", metavar="NAME", help="what the arm is, for those who read the dataset"
    )
    live.add_argument(
        "--use-sim-time",
        action="store_true",
        help="follow the clock of a simulation, whose seconds the others here are then",
    )


def run(arguments: argparse.Namespace) -> int:
    """Records; returns the exit status."""
    if arguments.expert is None:
        if arguments.seed is not None:
            raise ConfigurationError("--seed: belongs to --expert")
        return _run_live(arguments)
    given = [name for name in _LIVE_ONLY if getattr(arguments, name) is not None]
    if given:
        raise ConfigurationError(f"--{given[0].replace('_', '-')}: does not go with --expert")
    if arguments.episodes is None:
        raise ConfigurationError("--expert needs --episodes N")
    return _run_simulated(arguments)


def _run_simulated(arguments: argparse.Namespace) -> int:
    # Only now: torch, LeRobot and MuJoCo take seconds to import.
    from pi0_ros.cli.record.simulated import record_simulated, simulated_layout
    from pi0_ros.cli.record.summary import summary
    from pi0_ros.policy.dataset.bag_folder import BagFolder
    from pi0_ros.policy.dataset.writer import DatasetWriter
    from pi0_ros.sim.reach.expert import drawn_beside_start, drawn_low_start
    from pi0_ros.sim.reach.scenes import drawn_lesson, drawn_scene

    scenes = drawn_lesson if arguments.expert == "reach-lessons" else drawn_scene
    starts = {"reach-low": drawn_low_start, "reach-beside": drawn_beside_start}.get(
        arguments.expert
    )
    layout, status = simulated_layout(arguments.fps, arguments.pictures), 0
    output = arguments.output.expanduser()
    with DatasetWriter(output, layout, resume=arguments.resume) as writer:
        BagFolder(output).settle(writer.episodes)
        try:
            failures = record_simulated(
                writer, arguments.episodes, arguments.seed or 0, arguments.fps, scenes, starts
            )
            print(f"{failures} failed demonstrations were left out")
        except KeyboardInterrupt:
            frames = writer.discard_episode()
            print(f"\nended by Ctrl-C: an unfinished episode of {frames} frames was left out")
            status = 130
        print(summary(writer))
    return status


def _run_live(arguments: argparse.Namespace) -> int:
    from dataclasses import replace

    from pi0_ros.bringup.robot_file import find_robot_file
    from pi0_ros.bringup.sets import remapping_pairs
    from pi0_ros.policy.dataset.bag_folder import BagFolder
    from pi0_ros.policy.dataset.session import EpisodePlan
    from pi0_ros.policy.dataset.writer import DatasetWriter
    from pi0_ros.ros.recording_settings import recording_settings

    defaults = EpisodePlan()
    pause_s, most_gaps = arguments.pause_seconds, arguments.most_gaps
    plan = EpisodePlan(
        episodes=arguments.episodes,
        episode_s=arguments.episode_seconds,
        pause_s=defaults.pause_s if pause_s is None else pause_s,
        most_gaps=defaults.most_gaps if most_gaps is None else most_gaps,
    )
    remappings = remapping_pairs(arguments.remap or "")
    file = find_robot_file(arguments.params_file or "demo_arm")
    settings = recording_settings(file, arguments.namespace, arguments.fps)
    if arguments.instruction is not None:
        settings = replace(settings, instruction=arguments.instruction)
    layout = settings.layout(arguments.pictures, arguments.robot)
    output = arguments.output.expanduser()
    with ExitStack() as stack:
        writer = stack.enter_context(DatasetWriter(output, layout, resume=arguments.resume))
        bags, bag = BagFolder(output), None
        # Also without --bag: an episode must not get the number of a bag that is there.
        bags.settle(writer.episodes)
        from pi0_ros.cli.record.live import record_live

        if arguments.bag is not None:
            from pi0_ros.ros.bag.recorder import BagRecorder

            window_s = settings.observation.joint_history_s + _BAG_BEFORE_S
            bag = stack.enter_context(BagRecorder(bags, arguments.bag, window_s, plan.episode_s))
        return record_live(
            writer, settings, plan, arguments.namespace, arguments.use_sim_time, bag, remappings
        )
