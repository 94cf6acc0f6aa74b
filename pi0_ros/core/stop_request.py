"""The wish that work ends."""


class StopRequest:
    """Whether the process was told to end; set by signal handlers, read by anyone who waits."""

    def __init__(self) -> None:
        self.requested = False
