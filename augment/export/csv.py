r"""The manifest as CSV, for spreadsheets and data frames.

A text that a spreadsheet would take for a formula gets an apostrophe before it: labels and transcripts come from
strangers, and people open such files with a click. Numbers stay numbers.
:func:`~augment.plain_text.from_spreadsheet_cell` removes it again. Our readers of corpora do not: they keep what is
written, since a text in somebody's corpus may begin with an apostrophe. ``manifest.jsonl`` and all other formats are
exact.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from augment.files.content import PIECE_BYTES, Content, Remade
from augment.files.json_rows import Row, Rows
from augment.plain_text import spreadsheet_cell
from augment.testset.reading import Finished

ABOUT = "one table (RFC 4180, UTF-8), all columns; an apostrophe before what spreadsheets take for formulas"
EXTRA = None


def files(finished: Finished) -> Iterator[tuple[str, Content]]:
    """``manifest.csv``; its audio paths are relative to the test set's folder."""
    yield "manifest.csv", table(finished.rows)


def table(rows: Rows) -> Content:
    r"""CSV with a header, for people and spreadsheets; a cell is empty if the row has no value.

    Args:
        rows: Rows, all with the same keys.

    Example:
        >>> rows = [{"id": "a", "text": "yes, no", "snr_db": None}, {"id": "b", "text": "=1+1", "snr_db": -5.2}]
        >>> b"".join(table(rows))
        b'id,text,snr_db\r\na,"yes, no",\r\nb,\'=1+1,-5.2\r\n'
    """
    return Remade(lambda: _csv(rows, _safe))


def exact_table(rows: Iterable[Row]) -> Content:
    """CSV for programs: texts are exact, and all cells quoted for readers that skip spaces after a comma.

    Args:
        rows: Rows, all with the same keys.
    """
    return Remade(lambda: _csv(rows, list, csv.QUOTE_ALL))


def _safe(cells: Iterable[Any]) -> list[Any]:
    return [spreadsheet_cell(cell) if isinstance(cell, str) else cell for cell in cells]


Put = Callable[[Iterable[Any]], list[Any]]
"""Cells of a row as they are written."""


def _csv(rows: Iterable[Row], put: Put, quoting: Literal[0, 1] = csv.QUOTE_MINIMAL) -> Iterator[bytes]:
    text, names = io.StringIO(newline=""), list[str]()
    writer = csv.writer(text, quoting=quoting)
    for row in rows:
        if not names:
            names = list(row)
            writer.writerow(put(names))
        writer.writerow(put(map(row.__getitem__, names)))
        if text.tell() > PIECE_BYTES:
            yield _taken(text)
    if not names:
        writer.writerow(["id"])
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    """What was written, which makes room for more."""
    said = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return said
