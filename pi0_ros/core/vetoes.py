"""What forbids motion from outside the control loop, by source."""


class Vetoes:
    """Reasons that stand until their source takes them back."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    def put(self, source: str, reason: str) -> bool:
        """Replaces what `source` said before; an empty reason takes it back.

        Returns:
            Whether `source` forbids motion now and did not before.
        """
        before = self._reasons.pop(source, "")
        if reason:
            self._reasons[source] = reason
        return bool(reason) and not before

    @property
    def reasons(self) -> tuple[str, ...]:
        """One sentence a source, oldest source first."""
        return tuple(self._reasons.values())
