"""`pi0 demo`: starts the processes, watches them, judges what they send, and reports."""

from pi0_ros.cli.demo.command import DESCRIPTION, EXAMPLES, add_arguments, run

__all__ = ["DESCRIPTION", "EXAMPLES", "add_arguments", "run"]
