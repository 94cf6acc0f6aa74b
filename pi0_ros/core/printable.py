"""Text that others wrote, fit for one line of a log or a terminal."""

_LONGEST = 300


def printable(text: str, longest: int = _LONGEST) -> str:
    """`text` with its escape for whatever cannot be printed, cut to `longest` characters.

    Line ends, terminal sequences, marks that turn the direction of writing and lone surrogates
    could otherwise forge lines, hide others or break an encoder; `str.isprintable` decides.
    """
    # Cut before and after: an escape is up to ten times as long as what it stands for.
    cut = text[: longest + 1]
    if not cut.isprintable():
        cut = "".join(c if c.isprintable() else repr(c)[1:-1] for c in cut)
    return cut if len(cut) <= longest else cut[: longest - 1] + "…"
