"""Where a chunk stands among the others."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChunkTime:
    """In rows that the arm plays, which stand still while it does.

    Attributes:
        captured: rows counted until the chunk's observation, from an arbitrary zero.
        until_takeover: rows that will be counted from then until the chunk takes over; None where
            nothing is played, or nothing is known of how long it takes.
    """

    captured: float
    until_takeover: float | None
