"""Tables with a header line: CSV (comma or semicolon) and TSV."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from augment.errors import CorpusError, Fault

SUFFIXES = (".csv", ".tsv", ".tab")


def _delimiter(path: Path, text: str) -> str:
    if path.suffix.lower() != ".csv":
        return "\t"
    header = text.split("\n", 1)[0]
    return max(",;\t", key=header.count)


def rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any] | Fault]]:
    r"""Rows of a CSV or TSV manifest; the row number is the line where the row ends.

    A ``.csv`` may be separated by commas, semicolons or tabs: whichever its header holds most of.

    Raises:
        CorpusError: The header has a name twice or none, or the quoting is broken.

    Example:
        >>> list(rows(Path("m.csv"), 'id,text\na,"one, two"\n'))
        [(2, {'id': 'a', 'text': 'one, two'})]
    """
    csv.field_size_limit(2**24)
    delimiter = _delimiter(path, text)
    lines = io.StringIO(text, newline="")
    if path.suffix.lower() == ".csv":
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
    else:  # tab-separated files do not quote: a quotation mark is a character of the text
        reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE, strict=True)
    try:
        header = next(reader, [])
        for name in header:
            if not name.strip() or header.count(name) > 1:
                said = f"the column '{name}' stands twice" if name.strip() else "a column has no name"
                raise CorpusError(Fault(f"{path}:1", f"{said} in the header"))
        for values in reader:
            if not values:
                continue
            if len(values) != len(header):
                message = f"found {len(values)} columns; the header has {len(header)}"
                yield reader.line_num, Fault(f"{path}:{reader.line_num}", message)
                continue
            yield reader.line_num, {n: (v if v != "" else None) for n, v in zip(header, values, strict=True)}
    except csv.Error as error:
        raise CorpusError(Fault(f"{path}:{reader.line_num}", f"cannot be read as a table: {error}")) from None
