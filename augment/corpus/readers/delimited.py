"""Tables with a header line: CSV (commas, semicolons, tabs, bars, carets or tildes) and TSV, compressed or not.

Blanks around cells, a comma at the end of every line, and Excel's line ``sep=;`` are ignored. Cells of a column without
a name, such as the index that pandas writes, and rows of empty cells are not used, and are reported.

Cells separated by tabs are not quoted, and a quotation mark is part of the text. But a cell between quotation marks in
which all others are doubled, ``"Say ""yes"" now"``, was quoted by a program, and is read as what it quotes.
"""

import csv
import io
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augment.bounds import LONGEST_LINE_BYTES, MOST_COLUMNS
from augment.corpus.source import Source
from augment.corpus.unused import Leftover
from augment.errors import CorpusError, Fault, counted
from augment.files.location import Location
from augment.notes import Effect
from augment.profiles.recording import SUFFIXES as AUDIO

FOLDER = False
SIGNS = ()
SUFFIXES = (".csv", ".tsv", ".tab", ".csv.gz", ".tsv.gz")
DELIMITERS = ",;\t|^~"
USUAL = frozenset({"id", "audio_filepath", "file_name", "wav", "text", "speaker", "duration"})
DOUBLED = 'quotation marks inside of a quoted cell are doubled, not written as \\": "he said ""yes"" to me"'
QUOTED = "quoted as in CSV, with quotation marks doubled inside: what they quote is read"


def rows(source: Source) -> Iterator[tuple[int, dict[str, Any] | Fault]]:
    """Rows of the manifest; see :func:`table`."""
    return table(source, source.path, source.lines())


def table(source: Source, path: Location, lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any] | Fault]]:
    r"""Rows of a CSV or TSV manifest; the row number is the line where the row ends.

    A ``.csv`` may be separated by any of :data:`DELIMITERS`: whichever its header has most columns with.

    Args:
        source: The corpus it belongs to, which keeps account of what is not used.
        path: The table, for messages; its ending says whether cells may be quoted.
        lines: Its lines.

    Raises:
        CorpusError: The header has a name twice or none at all, or is itself a row; or the quoting is broken.

    Example:
        >>> list(table(Source(Path(".")), Path("m.csv"), ["id, text,\n", 'a, "one, two",\n']))
        [(2, {'id': 'a', 'text': 'one, two'})]
    """
    csv.field_size_limit(LONGEST_LINE_BYTES)
    row = _Row()
    split = _split(lines, row)
    before, first = next(((n, line) for n, line in enumerate(split) if _says(line)), (0, ""))
    reader, row.letters = _reader(path, itertools.chain([first], split), first), len(first)
    bare_quotes, unquoted = reader.dialect.quoting == csv.QUOTE_NONE, 0
    try:
        header = _header(f"{path}:{before + 1}", next(reader, []))
        kept = [name for name in header if name]
        bare = [column for column, name in enumerate(header) if not name]
        for values in reader:
            row.letters = 0
            if len(values) != len(header):
                values = _trimmed(values, len(header))
                if len(values) not in (0, len(header)):
                    place = before + reader.line_num
                    yield place, _ragged(f"{path}:{place}", len(values), len(header))
                    continue
            if not any(values):
                source.pass_over(Leftover.ROWS, "of empty cells", bool(values))
                continue
            if bare:
                source.pass_over(Leftover.COLUMNS, "without a name", any(values[column] for column in bare))
                values = [value for value, name in zip(values, header, strict=True) if name]
            if bare_quotes:
                inside = list(map(_inside, values))
                values = [quoted or cell for quoted, cell in zip(inside, values, strict=True)]
                unquoted += sum(map(bool, inside))
            yield before + reader.line_num, {n: (v if v != "" else None) for n, v in zip(kept, values, strict=True)}
    except csv.Error as error:
        place = f"{path}:{before + reader.line_num}"
        quotes = DOUBLED if "expected after" in str(error) else ""
        raise CorpusError(Fault(place, f"cannot be read as a table: {error}", quotes)) from None
    if unquoted:
        cells = counted(unquoted, "cell of the table is", "cells of the table are")
        source.tell(f"{cells} {QUOTED}", effect=Effect.LABEL)


def _inside(cell: str) -> str:
    """What a cell between quotation marks quotes, if all marks in it are doubled and there are some; or nothing.

    Example:
        >>> _inside('"say ""yes"" now"'), _inside('"Quoted, she said."'), _inside('"Yes," he said, ""no"".')
        ('say "yes" now', '', '')
    """
    inside = cell[1:-1]
    if not (cell.startswith('"') and cell.endswith('"')) or '""' not in inside or '"' in inside.replace('""', ""):
        return ""
    return inside.replace('""', '"')


def _trimmed(values: list[str], width: int) -> list[str]:
    """A row without the trailing empty cells for which the header has no columns; empty for an empty line."""
    while len(values) > width and not values[-1].strip():
        values = values[:-1]
    return values if any(values) else []


def _says(line: str) -> bool:
    """Whether a line is the header rather than blank or Excel's ``sep=``, which the header makes redundant."""
    return bool(line.strip()) and not (line.lower().startswith("sep=") and len(line.strip()) <= len("sep=;"))


def _reader(path: Location, lines: Iterator[str], header: str) -> Any:
    if path.name.lower().removesuffix(".gz").endswith(".csv"):
        return csv.reader(lines, delimiter=_delimiter(header), skipinitialspace=True, strict=True)
    return csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)


def _delimiter(header: str) -> str:
    """The delimiter that splits a header into the most columns; a comma if none does."""

    def columns(delimiter: str) -> int:
        return len(next(csv.reader([header], delimiter=delimiter, skipinitialspace=True), []))

    return max(DELIMITERS, key=columns)


@dataclass
class _Row:
    """Length of the row being read so far: with a quotation mark left open, it would never end."""

    letters: int = 0


def _split(lines: Iterable[str], row: _Row) -> Iterator[str]:
    """Lines that end as the csv module expects: after a carriage return, too."""
    for line in lines:
        row.letters += len(line)
        if row.letters > LONGEST_LINE_BYTES and line.strip():
            raise csv.Error(f"the row has more than {LONGEST_LINE_BYTES:,} letters; is a quotation mark left open?")
        if "\r" in line[:-2]:
            yield from io.StringIO(line, newline="")
        else:
            yield line


def _header(place: str, written: list[str]) -> list[str]:
    """Names of columns, empty for those without one.

    Raises:
        CorpusError: A name appears twice, no column has one, or the line is a row rather than a header.
    """
    if len(written) > MOST_COLUMNS:
        raise CorpusError(Fault(place, f"found {len(written):,} columns; at most {MOST_COLUMNS:,} are read"))
    header = [name.strip() for name in written]
    named = [name for name in header if name]
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice is not None:
        raise CorpusError(Fault(place, f"the column '{twice}' appears twice in the header"))
    if not named:
        raise CorpusError(Fault(place, "no column has a name in the header"))
    audio = next((name for name in named if Path(name).suffix.lower() in AUDIO), None)
    if audio is not None:
        message = f"the first line is a row, not a header: it holds '{audio}'"
        raise CorpusError(Fault(place, message, "put a line before it: audio_filepath,text,speaker and so on"))
    if header[0].startswith("#") and header[0] != "#":
        message = f"the header begins with '#': found '{header[0][:80]}'"
        raise CorpusError(Fault(place, message, "remove comments, and the '#' before the names of columns"))
    if len(named) == 1:
        _refuse_one(place, named[0])
    return header


def _refuse_one(place: str, name: str) -> None:
    """Refuse a header of a single column whose name looks like those of several.

    Raises:
        CorpusError: It does.
    """
    message = f"this is one column: '{name[:80]}'"
    if any(sign in name for sign in DELIMITERS):
        raise CorpusError(Fault(place, message, "a .tsv is separated by tabs: call it .csv if something else parts it"))
    parts = re.split(r"[^\w-]+", name)
    if "audio_filepath" in parts[1:] or (len(parts) > 1 and set(parts) & USUAL):
        sign = next(c for c in name if not re.match(r"[\w-]", c))
        parted = "r'\\s+'" if sign.isspace() else f"'{sign}'"
        remedy = f"part its columns by commas; with pandas: read_csv(OLD, sep={parted}).to_csv(NEW, index=False)"
        raise CorpusError(Fault(place, message, remedy))


def _ragged(place: str, found: int, expected: int) -> Fault:
    """The fault of a row with more or fewer cells than the header: which cell belongs to which column is unknown."""
    quote = "a text that holds the separator must be in quotation marks"
    remedy = f"{quote}; row names need a column in the header, too" if found > expected else ""
    return Fault(place, f"found {found} columns; the header has {expected}", remedy)
