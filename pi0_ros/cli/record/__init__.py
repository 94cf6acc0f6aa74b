"""`pi0 record`: demonstrations into a dataset, from the topics or from a simulated expert."""

from pi0_ros.cli.record.command import DESCRIPTION, EXAMPLES, add_arguments, run

__all__ = ["DESCRIPTION", "EXAMPLES", "add_arguments", "run"]
