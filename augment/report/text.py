"""Tables as plain text."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from augment.errors import counted

__all__ = ["counted", "figure", "shown", "table"]

WIDEST = 100
MOST_WORTH_TELLING = 100
"""Standard deviations: beyond it, what spreads is too little to be told as a number."""


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
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    lines.insert(1, ["-" * width for width in widths])
    text = []
    for line in lines:
        cells = [line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]
        text.append("  ".join(cells).rstrip())
    return "\n".join(text)


def figure(value: float | None, digits: int = 2) -> str:
    """A difference in standard deviations, or a distance, as people read it.

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
    r"""A text that may come from anybody, on one line of a terminal: what cannot be printed is a question mark.

    Example:
        >>> shown("a\tb"), shown("x" * 200) == "x" * 99 + "…"
        ('a?b', True)
    """
    plain = "".join(c if c.isprintable() else "?" for c in text)
    return plain if len(plain) <= WIDEST else f"{plain[: WIDEST - 1]}…"
