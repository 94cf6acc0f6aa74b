"""`pi0 bench`: options, and the run from loading to the table."""

import argparse
from pathlib import Path

from pi0_ros.cli.bench.names import COMPILED, DEFAULT, PEERS, REFERENCE
from pi0_ros.cli.number_options import number, whole
from pi0_ros.cli.output_file import require_writable
from pi0_ros.core.errors import ConfigurationError

DESCRIPTION = """\
Times Pi0's engines on one fixed input: three 640x480 rgb8 pictures, a prompt of 20 tokens, a chunk
in 10 flow steps (or what the checkpoint's sizes and --flow-steps say), noise from a seed. The
engines take turns, chunk by chunk, so that whatever else the machine does falls on all alike.

Beside each latency stands the largest difference of its normalised actions to those of LeRobot's
own model in float32 on the same noise, and the physical limit: what arithmetic and memory traffic
alone take at the rates measured on this device."""
EXAMPLES = """\
engines:
  lerobot-float32, lerobot-bfloat16   LeRobot's model; its vision tower is float32 in both
  lerobot-compiled                    the same through torch.compile; takes minutes (--compiled)
  fast-float32, fast-bfloat16         the package's engine; vision in float32
  fast-bfloat16-vision                the package's engine, vision in bfloat16, too
  fast-int8                           bfloat16 with int8 weights: less memory, other numbers; apart

examples:
  pi0 bench                                         the demo checkpoint on this machine's CPU
  pi0 bench --engines fast-float32 lerobot-float32 --repeats 200
  pi0 bench --checkpoint ~/checkpoints/my_pi0 --device cuda --report bench.json
  pi0 bench --bridge 10                             the running bridge, too
  pi0 bench --random full --device cuda --compiled  full size without a checkpoint"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device", choices=("cpu", "cuda"), default="cpu", help="what to run on (default: cpu)"
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FOLDER",
        help="a LeRobot Pi0 checkpoint (default: the demo checkpoint of the package)",
    )
    source.add_argument(
        "--random",
        choices=("full", "tiny"),
        help="random weights instead: full (4 billion parameters) or tiny (the demo's sizes)",
    )
    parser.add_argument(
        "--engines",
        nargs="+",
        choices=tuple(PEERS),
        metavar="NAME",
        help=f"which to compare, from the list below (default: {' '.join(DEFAULT)})",
    )
    parser.add_argument("--compiled", action="store_true", help=f"compare {COMPILED}, too")
    parser.add_argument(
        "--no-reference",
        action="store_true",
        help=f"do not load {REFERENCE} only for the error column: at full size it takes 17 GB",
    )
    parser.add_argument(
        "--repeats",
        type=whole(1),
        default=50,
        metavar="N",
        help="timed chunks per engine, and as many in stages (default: %(default)s)",
    )
    parser.add_argument(
        "--threads",
        type=whole(1),
        default=1,
        metavar="N",
        help="of torch on the CPU (default: %(default)s, as the policy node has it)",
    )
    parser.add_argument(
        "--flow-steps",
        type=whole(1),
        metavar="N",
        help="denoising steps per chunk (default: as the checkpoint says, 10 for Pi0)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of inputs, noise and random weights (default: 0)"
    )
    parser.add_argument(
        "--bridge",
        type=number("1 to 3600 seconds", lambda value: 1.0 <= value <= 3600.0),
        metavar="SECONDS",
        help="also start the demo's processes and measure, so long each: the control tick while "
        "chunks are computed and while none is, from picture to chunk and command, CPU per picture",
    )
    parser.add_argument(
        "--domain",
        type=int,
        help="ROS domain of --bridge, 0 to 101; without it a free one is taken, whatever "
        "ROS_DOMAIN_ID says",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write everything as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Measures and prints; returns the exit status."""
    require_writable("--report", arguments.report)
    if arguments.domain is not None and arguments.bridge is None:
        raise ConfigurationError("--domain: belongs to --bridge")
    names = list(dict.fromkeys(arguments.engines or DEFAULT))
    if arguments.compiled and COMPILED not in names:
        names.append(COMPILED)
    # Only now: torch and LeRobot take seconds to import.
    from pi0_ros.cli.bench.session import run_session

    return run_session(arguments, names)
