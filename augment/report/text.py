"""Tables as plain text."""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from augment.plain_text import columns, visible

WIDEST = 100


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table with a rule under its header: the first column to the left, the others to the right.

    Example:
        >>> print(table(["group", "files"], [["Scottish", 12], ["American", 3]]))
        group     files
        --------  -----
        Scottish     12
        American      3
    """
    lines = [[shown(str(cell)) for cell in row] for row in [header, *rows]]
    widths = [max(columns(line[place]) for line in lines) for place in range(len(header))]
    lines.insert(1, ["-" * width for width in widths])
    text = []
    for line in lines:
        blanks = [" " * (width - columns(cell)) for cell, width in zip(line, widths, strict=True)]
        cells = [line[0] + blanks[0], *(blank + cell for cell, blank in zip(line[1:], blanks[1:], strict=True))]
        text.append("  ".join(cells).rstrip())
    return "\n".join(text)


def counted(number: int, what: str) -> str:
    """A number of things.

    Example:
        >>> counted(1, "group"), counted(2, "group")
        ('1 group', '2 groups')
    """
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def shown(text: str) -> str:
    r"""A text that may come from anybody, in a cell: on one line, what cannot be printed spelled out, not too wide.

    Example:
        >>> print(shown("a\tb")), shown("x" * 200) == "x" * 99 + "…"
        a\tb
        (None, True)
    """
    plain = visible(text)
    if columns(plain) <= WIDEST:
        return plain
    widths = itertools.accumulate(map(columns, plain))
    return "".join(letter for letter, width in zip(plain, widths, strict=True) if width < WIDEST) + "…"
