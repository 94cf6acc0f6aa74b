"""The processes of a stage, whoever started them."""

from collections.abc import Mapping
from typing import Protocol


class Cast(Protocol):
    """One process a node."""

    @property
    def pids(self) -> Mapping[str, int]:
        """Node -> process id, of those that run."""
        ...

    def status_of(self, node: str) -> int | None:
        """Exit status; None while it runs."""
        ...

    def start(self, node: str) -> None:
        """Starts one that has ended."""
        ...

    def output_of(self, node: str) -> str:
        """What it has printed."""
        ...
