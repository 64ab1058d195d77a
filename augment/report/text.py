"""Tables as plain text, found again in it, and text as wide as a terminal.

What is written into files stands in lines of any length. What is shown on a terminal is wrapped here between words; a
table that is too wide becomes several with the same first column, or, if not even two columns stand beside one another,
a list.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, takewhile
from typing import Any, NamedTuple

from augment.errors import counted
from augment.plain_text import columns, cut

__all__ = ["TextTable", "counted", "figure", "fitted", "shown", "table"]

WIDEST = 100
GAP = "  "
RULE = re.compile(r"-+(?: +-+)*")
_LISTED = re.compile(r"( *\S+(?: \S+)* {2,})\S")
_BREAKS = re.compile(r"[^/_.,;:=-]*[/_.,;:=-]*")
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
        text.append(GAP.join(cells).rstrip())
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
    return cut(text, WIDEST)


class TextTable(NamedTuple):
    """A table that was found in a text.

    Attributes:
        start: Number of the line with its header.
        end: Number of the line behind it.
        header: Its cells.
        rows: Cells of the rows.
    """

    start: int
    end: int
    header: list[str]
    rows: list[list[str]]

    @classmethod
    def first_in(cls, lines: Sequence[str]) -> "TextTable | None":
        """The first table of a text, as :func:`table` makes them; None if there is none.

        Example:
            >>> TextTable.first_in(["files:", "group     n", "--------  --", "Scottish  12", "that is all"])
            TextTable(start=1, end=4, header=['group', 'n'], rows=[['Scottish', '12']])
        """
        rule = next((number for number, line in enumerate(lines) if number and RULE.fullmatch(line)), None)
        if rule is None:
            return None
        spans = [found.span() for found in re.finditer("-+", lines[rule])]
        body = list(takewhile(lambda line: _is_row(_placed(line), spans), lines[rule + 1 :]))
        header, *cells = [
            ["".join(placed[start:end]).strip() for start, end in spans]
            for placed in map(_placed, (lines[rule - 1], *body))
        ]
        return cls(rule - 1, rule + 1 + len(body), header, cells)


def _placed(line: str) -> list[str]:
    """What each terminal column of a line holds: wide letters fill two, combining marks share their letter's."""
    placed: list[str] = []
    for letter in line:
        width = columns(letter)
        if width == 0 and placed:
            placed[-1] += letter
        else:
            placed += [letter, *[""] * (width - 1)]
    return placed


def _is_row(line: Sequence[str], spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a line has nothing between or after the columns of a table; otherwise it is a remark below the table."""
    gaps = ["".join(line[end:start]) for (_, end), (start, _) in pairwise(spans)]
    return bool(line) and not any(gap.strip() for gap in gaps) and len(line) <= spans[-1][1]


def fitted(text: str, width: int) -> str:
    """A text none of whose lines is wider than a terminal.

    Lines are broken between words, and inside of one only if it is wider than the terminal by itself. What goes on
    is indented: in a list of names, to where their explanations begin.

    Args:
        text: Printable lines.
        width: Columns of the terminal.

    Example:
        >>> print(fitted("note: groups differ in bandwidth", 20))
        note: groups differ
          in bandwidth
        >>> print(fitted(table(["group", "one", "two"], [["a", 1, 2]]), 12))
        group  one
        -----  ---
        a        1
        <BLANKLINE>
        group  two
        -----  ---
        a        2
    """
    return "\n".join(_fitted(text.split("\n"), width))


def _fitted(lines: Sequence[str], width: int) -> Iterator[str]:
    found = TextTable.first_in(lines)
    for line in lines if found is None else lines[: found.start]:
        yield from [line] if columns(line) <= width else _wrapped(line, width)
    if found is not None:
        as_it_is = lines[found.start : found.end]
        yield from as_it_is if max(map(columns, as_it_is)) <= width else _narrow(found, width)
        yield from _fitted(lines[found.end :], width)


def _narrow(wide: TextTable, width: int) -> list[str]:
    """A table as several that fit, each with the first column; as a list if a pair of columns does not."""
    sizes = [max(map(columns, cells)) for cells in zip(wide.header, *wide.rows, strict=True)]
    first, *others = sizes
    if first + len(GAP) + max(others, default=0) > width:
        return _turned(wide, width)
    pieces, used = [[0]], first
    for place, size in enumerate(others, start=1):
        if used + len(GAP) + size > width:
            pieces.append([0])
            used = first
        pieces[-1].append(place)
        used += len(GAP) + size
    texts = [
        table([wide.header[place] for place in piece], [[row[place] for place in piece] for row in wide.rows])
        for piece in pieces
    ]
    return "\n\n".join(texts).split("\n")


def _turned(wide: TextTable, width: int) -> list[str]:
    lines: list[str] = []
    for row in wide.rows:
        for place, (name, cell) in enumerate(zip(wide.header, row, strict=True)):
            lines += _wrapped(f"{GAP if place else ''}{name}{': ' if name else ''}{cell}", width)
    return lines


def _wrapped(line: str, width: int) -> Iterator[str]:
    """A line that is too wide, as several."""
    listed = _LISTED.match(line)
    indent = columns(line) - columns(line.lstrip(" ")) + 2
    if listed and columns(listed[1]) <= width // 2:
        indent = columns(listed[1])
    margin = " " * min(indent, width // 2)
    now = ""
    for part in re.findall(r" *[^ ]+", line):
        for piece in _pieces(part, width - len(margin)):
            if now and columns(now) + columns(piece) > width:
                yield now
                now = margin + piece.lstrip(" ")
            else:
                now += piece
    yield now


def _pieces(word: str, widest: int) -> Iterator[str]:
    """A word; if no line can hold it, parts of it, ending behind a sign where they can."""
    if columns(word) <= widest:
        yield word
        return
    now = ""
    for part in filter(None, _BREAKS.findall(word)):
        letters = [part] if columns(part) <= widest else list(part)
        for piece in letters:
            if now and columns(now) + columns(piece) > widest:
                yield now
                now = ""
            now += piece
    yield now
