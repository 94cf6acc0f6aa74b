"""Which instruction texts are taken."""

import pytest

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
    ],
)
def test_a_bad_text_is_refused_by_kind(text, kind):
    with pytest.raises(InputRefused) as caught:
        checked_instruction(text, 512)
    assert caught.value.kind == kind
    assert len(str(caught.value)) < 200
