"""Which instruction texts are taken."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi0_ros.core.errors import InputRefused
from pi0_ros.core.instruction import checked_instruction


@pytest.mark.parametrize("text", ["pick up the red block", "Nimm den Würfel 🟥", "x" * 512])
def test_a_text_is_taken_as_it_is(text):
    assert checked_instruction(text, 512) == text


def test_blanks_around_it_are_dropped():
    assert checked_instruction("  circle\t\n", 512) == "circle"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("x" * 513, "too long"),
        ("ü" * 257, "too long"),
        ("a" * 10_000_000, "too long"),
        ("pick\x00up", "control character"),
        ("pick\nup", "control character"),
        ("pick\x1b[2Jup", "control character"),
        ("pick\u202eup", "control character"),
        ("pick\ue000up", "control character"),
        ("\udcff", "control character"),
        ("pick\u2028up", "control character"),
        ("pick\u2029up", "control character"),
        ("pick\x85up", "control character"),
    ],
)
def test_a_bad_text_is_refused_by_kind(text, kind):
    with pytest.raises(InputRefused) as caught:
        checked_instruction(text, 512)
    assert caught.value.kind == kind
    assert len(str(caught.value)) < 200


# Every code point, lone surrogates included; many near the longest that is taken.
ANY = st.text(st.characters(exclude_categories=()), max_size=40) | st.text(
    st.sampled_from("aü€🟥 \n\x1b\u202e"), min_size=100, max_size=600
)


def taken_or_said(text: str) -> tuple[str | None, str]:
    """The instruction, or None and why it is refused."""
    try:
        return checked_instruction(text, 512), ""
    except InputRefused as refusal:
        return None, str(refusal)


@given(ANY)
def test_whatever_comes_is_taken_within_the_cap_or_refused_in_one_printable_line(text):
    taken, said = taken_or_said(text)
    # Into the log as it is, where nobody may forge a line or reach the terminal.
    assert said.isprintable()
    assert len(said) <= 450
    if taken is not None:
        assert taken == text.strip()
        assert 0 < len(taken.encode("utf-8")) <= 512
        assert len(taken.splitlines()) == 1
        refused = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
        assert not any(unicodedata.category(character) in refused for character in taken)


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=128))
def test_letters_digits_and_signs_of_any_script_are_taken(text):
    assert checked_instruction(f"  {text} ", 512) == text
