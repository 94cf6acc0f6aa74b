"""`pi0 view`: options, checks before anything starts, and the environment."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pi0_ros.cli.number_options import SECONDS, whole
from pi0_ros.core.errors import ConfigurationError

if TYPE_CHECKING:
    from pi0_ros.cli.view.tap import Watched

DESCRIPTION = """\
Shows what the cameras of a running arm see, with the chunk drawn over it, the instruction, and how
controller and policy are doing: on a page of this machine, as a video, or both. It only listens: it
cannot slow or command the arm, and the page has nothing to press.

The page turns red where the controller holds or is latched, and where a camera's picture is older
than a second. The chunk is drawn where the demo's scene is seen; where other cameras stand is not
known."""
EXAMPLES = """\
examples:
  pi0 view                               the arm of this ROS domain
  pi0 view --domain 101                  the arm of `pi0 demo`, which prints its domain
  pi0 view --namespace left --params-file my_arm.yaml
  pi0 view --port 8080                   from elsewhere: ssh -L 8080:127.0.0.1:8080 HOST
  pi0 view --no-page --video run.mp4 --seconds 30

Ctrl-C ends it, with a complete video and exit status 0; docs/seeing.md tells more."""
_MOST_FPS = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--namespace", default="", metavar="NS", help="of the arm's topics")
    parser.add_argument(
        "--domain", type=int, metavar="N", help="ROS domain (default: ROS_DOMAIN_ID, or else 0)"
    )
    parser.add_argument(
        "--params-file",
        default="demo_arm",
        metavar="FILE",
        help="parameter file of your robot, as for bringup.launch.py: the policy's cameras, how "
        "their pictures travel, and their size (default: demo_arm.yaml)",
    )
    parser.add_argument(
        "--transport",
        choices=("raw", "compressed"),
        help="how pictures travel, where it is not as in the file (its camera_transport)",
    )
    parser.add_argument(
        "--remap",
        default="",
        metavar="WORDS",
        help="as for bringup.launch.py, where your drivers publish on other topics: "
        '"camera/main/image_raw:=/front/color/image_raw ..."',
    )
    parser.add_argument(
        "--fps",
        type=whole(1, _MOST_FPS),
        default=12,
        metavar="N",
        help="pictures a second; more cost more of the processor (default: %(default)s)",
    )
    parser.add_argument(
        "--seconds", type=SECONDS, default=float("inf"), metavar="S", help="end after so long"
    )
    page = parser.add_argument_group("the page")
    page.add_argument(
        "--port", type=whole(0, 65535), default=0, metavar="N", help="default: any free one"
    )
    page.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="where the page is served; 0.0.0.0 shows the cameras to the whole network, without a "
        "password (default: %(default)s, this machine alone)",
    )
    page.add_argument("--no-browser", action="store_true", help="open no browser")
    page.add_argument("--no-page", action="store_true", help="serve no page; needs --video")
    video = parser.add_argument_group("the video")
    video.add_argument("--video", type=Path, metavar="FILE.mp4", help="write it there")
    video.add_argument(
        "--video-from",
        choices=("picture", "run"),
        default="picture",
        help="begin with the first picture of every camera, or when the controller first runs "
        "(default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Shows until Ctrl-C or the time is up; returns the exit status."""
    # Now, so that a Ctrl-C that comes early ends it as a late one does.
    from pi0_ros.cli.stop_request import stop_on_signals

    with stop_on_signals(insist=False) as stop:
        if arguments.no_page and arguments.video is None:
            raise ConfigurationError("--no-page: nothing would be shown; add --video FILE.mp4")
        if arguments.video is not None:
            from pi0_ros.cli.view.video import require_video_file

            require_video_file(arguments.video)
        watched = _watched(arguments)
        _prepare_environment(arguments.domain)
        if stop.requested and arguments.video is None:
            return 0
        # Only now: rclpy takes its domain and its transports from the environment.
        from pi0_ros.cli.view.session import Wanted, show
        from pi0_ros.ros.process import end_now

        wanted = Wanted(
            fps=arguments.fps,
            seconds=arguments.seconds,
            page=None if arguments.no_page else (arguments.host, arguments.port),
            browser=not arguments.no_browser,
            video=arguments.video,
            video_from_run=arguments.video_from == "run",
        )
        show(watched, wanted, stop)
        # The interpreter's end takes a second and more on a busy machine.
        return end_now(0)


def _watched(arguments: argparse.Namespace) -> "Watched":
    from pi0_ros.bringup.robot_file import dotted_parameters, find_robot_file
    from pi0_ros.bringup.sets import remapping_pairs
    from pi0_ros.cli.view.tap import Watched
    from pi0_ros.ros.parameter_check import checked_parameters
    from pi0_ros.ros.policy_parameters import POLICY
    from pi0_ros.ros.policy_settings import observation_config, transports

    file = find_robot_file(arguments.params_file)
    given = dotted_parameters(file, arguments.namespace, "pi0_policy")
    if arguments.transport is not None:
        given["camera_transport"] = arguments.transport
    values = checked_parameters(POLICY, given).require()
    return Watched(
        namespace=arguments.namespace,
        remappings=remapping_pairs(arguments.remap),
        transports=transports(values),
        image_shape=observation_config(values).image_shape,
    )


def _prepare_environment(domain: int | None) -> None:
    """For DDS in this process; what the user has set stays."""
    from pi0_ros.bringup import process_environment
    from pi0_ros.share import share_directory

    if domain is not None:
        if not 0 <= domain <= 232:
            raise ConfigurationError(f"--domain {domain}: expected 0 to 101 (at most 232)")
        os.environ["ROS_DOMAIN_ID"] = str(domain)
    os.environ.update(process_environment(share_directory(), os.environ).variables())
