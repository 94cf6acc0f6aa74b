"""Types of options that are numbers; an error says what was expected and what came."""

import argparse
import math
from collections.abc import Callable


def whole(lowest: int = 0, highest: int | None = None) -> Callable[[str], int]:
    """Whole numbers, the bounds included."""
    bounds = f"{lowest} or more" if highest is None else f"{lowest} to {highest}"
    top = math.inf if highest is None else highest
    return _reader(int, f"a whole number, {bounds}", lambda value: lowest <= value <= top)


def number(expected: str, fits: Callable[[float], bool]) -> Callable[[str], float]:
    """Numbers that fit.

    Args:
        expected: which those are, in words.
    """
    return _reader(float, expected, fits)


def _reader[Number: (int, float)](
    kind: Callable[[str], Number], expected: str, fits: Callable[[Number], bool]
) -> Callable[[str], Number]:
    def read(text: str) -> Number:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not fits(value):
            raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
        return value

    return read


SECONDS = number("seconds above 0", lambda value: 0.0 < value < math.inf)
