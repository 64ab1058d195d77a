"""Tables with a header line: CSV (comma or semicolon) and TSV."""

import csv
import io
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augment.bounds import LONGEST_LINE_BYTES, MOST_COLUMNS
from augment.corpus.source import Source
from augment.errors import CorpusError, Fault

FOLDER = False
SIGNS = ()
SUFFIXES = (".csv", ".tsv", ".tab")


def _delimiter(path: Path, header: str) -> str:
    return max(",;\t", key=header.count) if path.suffix.lower() == ".csv" else "\t"


@dataclass
class _Row:
    """Letters of the row that is being read: quoted, it may go over many lines, and never end."""

    letters: int = 0


def _split(lines: Iterable[str], row: _Row) -> Iterator[str]:
    """Lines that end as the csv module expects it: a carriage return ends one too."""
    for line in lines:
        row.letters += len(line)
        if row.letters > LONGEST_LINE_BYTES:
            raise csv.Error(f"the row has more than {LONGEST_LINE_BYTES:,} letters; is a quotation mark left open?")
        if "\r" in line[:-2]:
            yield from io.StringIO(line, newline="")
        else:
            yield line


def rows(source: Source) -> Iterator[tuple[int, dict[str, Any] | Fault]]:
    """Rows of the manifest; see :func:`table`."""
    return table(source.path, source.lines())


def table(path: Path, lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any] | Fault]]:
    r"""Rows of a CSV or TSV manifest; the row number is the line where the row ends.

    A ``.csv`` may be separated by commas, semicolons or tabs: whichever its header holds most of.

    Raises:
        CorpusError: The header has a name twice or none, or the quoting is broken.

    Example:
        >>> list(table(Path("m.csv"), ["id,text\n", 'a,"one, two"\n']))
        [(2, {'id': 'a', 'text': 'one, two'})]
    """
    csv.field_size_limit(LONGEST_LINE_BYTES)
    left, row = iter(lines), _Row()
    first = next(left, "")
    delimiter = _delimiter(path, first)
    split = _split(itertools.chain([first], left), row)
    if path.suffix.lower() == ".csv":
        reader = csv.reader(split, delimiter=delimiter, strict=True)
    else:  # tab-separated files do not quote: a quotation mark is a character of the text
        reader = csv.reader(split, delimiter=delimiter, quoting=csv.QUOTE_NONE, strict=True)
    try:
        header = next(reader, [])
        if len(header) > MOST_COLUMNS:
            raise CorpusError(Fault(f"{path}:1", f"found {len(header):,} columns; at most {MOST_COLUMNS:,} are read"))
        for name in header:
            if not name.strip() or header.count(name) > 1:
                said = f"the column '{name}' stands twice" if name.strip() else "a column has no name"
                raise CorpusError(Fault(f"{path}:1", f"{said} in the header"))
        for values in reader:
            row.letters = 0
            if not values:
                continue
            if len(values) != len(header):
                message = f"found {len(values)} columns; the header has {len(header)}"
                yield reader.line_num, Fault(f"{path}:{reader.line_num}", message)
                continue
            yield reader.line_num, {n: (v if v != "" else None) for n, v in zip(header, values, strict=True)}
    except csv.Error as error:
        raise CorpusError(Fault(f"{path}:{reader.line_num}", f"cannot be read as a table: {error}")) from None
