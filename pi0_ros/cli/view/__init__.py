"""`pi0 view`: what a running arm's cameras see and what is planned, on a page or as a video."""

from pi0_ros.cli.view.command import DESCRIPTION, EXAMPLES, add_arguments, run

__all__ = ["DESCRIPTION", "EXAMPLES", "add_arguments", "run"]
