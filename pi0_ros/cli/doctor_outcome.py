"""What a check of `pi0 doctor` is, and what comes of it."""

from collections.abc import Callable
from enum import IntEnum


class Outcome(IntEnum):
    """Of one check; the larger the worse."""

    OK = 0
    WARNING = 1
    FAILURE = 2


# With what is to be said of it, in one line or several.
Result = tuple[Outcome, str]
Check = Callable[[], Result]
