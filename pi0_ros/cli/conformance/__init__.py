"""`pi0 conformance`: what this package promises about faults, tried out on real processes."""

from pi0_ros.cli.conformance.command import DESCRIPTION, EXAMPLES, add_arguments, run

__all__ = ["DESCRIPTION", "EXAMPLES", "add_arguments", "run"]
