"""Which instruction texts are taken."""

import unicodedata

from pi0_ros.core.errors import InputRefused

# Control, format, surrogate and private characters; ends of lines and paragraphs.
_REFUSED = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def checked_instruction(text: str, max_bytes: int) -> str:
    """`text` without surrounding blanks.

    Raises:
        InputRefused: kind "empty", "too long" or "control character".
    """
    stripped = text.strip()
    if not stripped:
        raise InputRefused("empty", "instruction is empty; the old one stays")
    size = len(stripped.encode("utf-8", errors="surrogatepass"))
    if size > max_bytes:
        raise InputRefused(
            "too long", f"instruction has {size} bytes, at most {max_bytes}; the old one stays"
        )
    if any(unicodedata.category(character) in _REFUSED for character in stripped):
        raise InputRefused(
            "control character",
            f"instruction {stripped[:40]!r} has control characters; the old one stays",
        )
    return stripped
