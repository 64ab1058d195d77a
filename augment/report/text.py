"""Tables as plain text."""

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

from augment.errors import counted
from augment.plain_text import columns, visible

__all__ = ["counted", "figure", "shown", "table"]

WIDEST = 100
MOST_WORTH_TELLING = 100
"""Standard deviations: a larger difference means that there is too little spread to express it in."""


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table with a rule under its header; the first column is aligned left, the others right.

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


def figure(value: float | None, digits: int = 2) -> str:
    """A difference in standard deviations, or a distance, in readable form.

    Example:
        >>> figure(0.125), figure(None), figure(math.inf), figure(23292248561755588.0), figure(-0.001)
        ('0.12', '?', 'no spread', '>99', '0.00')
    """
    if value is None or math.isnan(value):
        return "?"
    if math.isinf(value):
        return "no spread"
    return f"{round(value, digits) + 0:.{digits}f}" if value < MOST_WORTH_TELLING else f">{MOST_WORTH_TELLING - 1}"


def shown(text: str) -> str:
    r"""An untrusted text for a cell: on one line, with unprintable characters spelled out, and not too wide.

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
