"""Whatever others write comes out as one line that can be printed."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pi0_ros.core.printable import printable

# Every code point, lone surrogates included.
ANY = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Nimm den Würfel 🟥", "Nimm den Würfel 🟥"),
        ("", ""),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x1b[2J\x07\x9b", r"\x1b[2J\x07\x9b"),
        ("left\u202eright\u2028", r"left\u202eright\u2028"),
        ("\udcff", r"\udcff"),
        ("\U000e0041", r"\U000e0041"),
        ("a\xa0b", r"a\xa0b"),
    ],
)
def test_what_cannot_be_printed_is_written_as_its_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_long_text_is_cut_and_the_cut_is_seen() -> None:
    assert printable("x" * 10, longest=10) == "x" * 10
    assert printable("x" * 11, longest=10) == "x" * 9 + "…"
    assert len(printable("\n" * 10_000_000)) == 300


@given(ANY, st.integers(1, 50))
@example("\x00" * 50, 50)
def test_it_is_always_one_short_line_that_can_be_encoded(text: str, longest: int) -> None:
    shown = printable(text, longest)
    assert shown.isprintable()
    assert len(shown) <= longest
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert len(shown.splitlines()) <= 1


@given(st.text(st.characters(exclude_categories=()), max_size=50))
def test_what_can_be_printed_is_not_changed(text: str) -> None:
    assert (printable(text, longest=50) == text) == text.isprintable()
