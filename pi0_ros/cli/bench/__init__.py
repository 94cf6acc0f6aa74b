"""`pi0 bench`: how long a chunk takes, engine beside engine, with the error beside every figure."""

from pi0_ros.cli.bench.command import DESCRIPTION, EXAMPLES, add_arguments, run

__all__ = ["DESCRIPTION", "EXAMPLES", "add_arguments", "run"]
