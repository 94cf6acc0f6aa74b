"""Numbers on a command line: what is taken, and what an error says."""

import argparse
import math
from collections.abc import Callable

import pytest

from pi0_ros.cli.number_options import SECONDS, number, whole

RATE = number("a rate above 0 and at most 1000 Hz", lambda value: 0.0 < value <= 1000.0)


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (whole(), "0", 0),
        (whole(1), "12", 12),
        (whole(1, 60), "1", 1),
        (whole(1, 60), "60", 60),
        (SECONDS, "0.5", 0.5),
        (RATE, "1e3", 1000.0),
    ],
)
def test_what_fits_is_taken(read: Callable[[str], float], text: str, value: float) -> None:
    taken = read(text)
    assert taken == value
    assert type(taken) is type(value)


@pytest.mark.parametrize("text", ["abc", "", "-1", "0", "1.5", "nan", "inf"])
@pytest.mark.parametrize(
    ("read", "expected"),
    [(whole(2), "a whole number, 2 or more"), (whole(2, 60), "a whole number, 2 to 60")],
)
def test_no_whole_number_is_refused_in_words(
    read: Callable[[str], int], expected: str, text: str
) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        read(text)
    assert str(caught.value) == f"expected {expected}, got {text!r}"


def test_a_whole_number_has_its_upper_bound() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="2 to 60, got '61'"):
        whole(2, 60)("61")


@pytest.mark.parametrize("text", ["abc", "", "0", "-0.1", str(math.nan), str(math.inf)])
@pytest.mark.parametrize(
    ("read", "expected"), [(SECONDS, "seconds above 0"), (RATE, "a rate above 0")]
)
def test_no_number_that_fits_is_refused_in_words(
    read: Callable[[str], float], expected: str, text: str
) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=f"expected {expected}.*, got '{text}'"):
        read(text)
