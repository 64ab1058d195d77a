"""Tables as plain text."""

from collections.abc import Iterable, Sequence
from typing import Any


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table with a rule under its header: the first column to the left, the others to the right.

    Example:
        >>> print(table(["group", "files"], [["Scottish", 12], ["American", 3]]))
        group     files
        --------  -----
        Scottish     12
        American      3
    """
    lines = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    lines.insert(1, ["-" * width for width in widths])
    shown = []
    for line in lines:
        cells = [line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]
        shown.append("  ".join(cells).rstrip())
    return "\n".join(shown)
