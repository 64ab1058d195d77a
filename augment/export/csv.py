r"""The manifest as CSV, for spreadsheets and data frames.

A text that a spreadsheet would take for a formula gets an apostrophe before it: labels and transcripts come from
strangers, and people open such files with a click. Numbers stay numbers.
:func:`~augment.plain_text.from_spreadsheet_cell` removes it again. Our readers of corpora do not: they keep what is
written, since a text in somebody's corpus may begin with an apostrophe. ``manifest.jsonl`` and all other formats are
exact.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from augment.plain_text import spreadsheet_cell
from augment.testset.reading import Finished

ABOUT = "one table (RFC 4180, UTF-8), all columns; an apostrophe before what spreadsheets take for formulas"
EXTRA = None


def files(finished: Finished) -> Iterator[tuple[str, bytes]]:
    """``manifest.csv``; its audio paths are relative to the test set's folder."""
    yield "manifest.csv", table(finished.rows)


def table(rows: Sequence[dict[str, Any]]) -> bytes:
    r"""CSV with a header, for people and spreadsheets; a cell is empty if the row has no value.

    Args:
        rows: Rows, all with the same keys.

    Example:
        >>> table([{"id": "a", "text": "yes, no", "snr_db": None}, {"id": "b", "text": "=1+1", "snr_db": -5.2}])
        b'id,text,snr_db\r\na,"yes, no",\r\nb,\'=1+1,-5.2\r\n'
    """
    return _csv(rows, _safe)


def exact_table(rows: Sequence[dict[str, Any]]) -> bytes:
    """CSV for programs: texts are exact, and all cells quoted for readers that skip spaces after a comma.

    Args:
        rows: Rows, all with the same keys.
    """
    return _csv(rows, lambda value: value, csv.QUOTE_ALL)


def _safe(value: Any) -> Any:
    return spreadsheet_cell(value) if isinstance(value, str) else value


def _csv(
    rows: Sequence[dict[str, Any]], put: Callable[[Any], Any], quoting: Literal[0, 1] = csv.QUOTE_MINIMAL
) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=quoting)
    names = list(rows[0]) if rows else ["id"]
    writer.writerow(map(put, names))
    columns = [[row[name] for row in rows] for name in names]
    # Only texts may have to be altered; most columns are numbers.
    cells = (map(put, column) if str in set(map(type, column)) else column for column in columns)
    writer.writerows(zip(*cells, strict=True))
    return text.getvalue().encode()
