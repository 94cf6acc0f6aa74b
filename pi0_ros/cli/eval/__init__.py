"""`pi0 eval`: how often a policy touches the block it was told to, in simulation."""

from pi0_ros.cli.eval.command import DESCRIPTION, EXAMPLES, add_arguments, run

__all__ = ["DESCRIPTION", "EXAMPLES", "add_arguments", "run"]
