"""The cells of a manifest as columns of text, read row by row and kept as tables.

A million rows take gigabytes as Python objects, and a tenth of that as columns.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from augment.corpus.nested import KINDS, WIDEST, Held, Nested, nested_cells, spelled_cells
from augment.corpus.source import Place, ReaderNote, Row, Source, rows_of, where
from augment.corpus.unused import Unused
from augment.errors import CorpusError, Fault, gathered
from augment.files.location import Location

if TYPE_CHECKING:
    import polars

TIMES = ("offset", "duration")
MOST_FAULTS = 50
MOST_BROKEN = 100_000
"""How many unreadable rows are kept track of where they may be left out."""
ROWS_AT_ONCE = 50_000
LONGEST_S = 1e6
"""No recording is longer: a larger number is not taken for a time."""


@dataclass(frozen=True)
class Cells:
    """What a manifest holds, before it is interpreted.

    Attributes:
        frame: ``row``, where the row stands (its line; ``file:line`` in a corpus of many files), and for each column
            ``text:NAME``, its cells as text, stripped, null for empty ones. A column that holds times has
            ``seconds:NAME`` in its place, null for what is not a time, and ``shown:NAME``: for messages, the spelling
            of a cell that is not more than 0 s; empty for a blank one.
        written: Names of the manifest's columns.
        faults: Rows that cannot be read.
        count: All rows, including those that cannot be read.
        notes: What the user should know about how it was read.
        unused: What the reader saw and did not use.
        nested: Columns with cells that hold more than one value; such a cell is null.
        numbers: How many cells of a column are numbers or truth values rather than text.
    """

    frame: "polars.DataFrame"
    written: frozenset[str]
    faults: tuple[Fault, ...]
    count: int
    notes: tuple[ReaderNote, ...]
    unused: tuple[Unused, ...] = ()
    nested: Mapping[str, Nested] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)


def read_cells(
    manifest: Location,
    columns: Mapping[str, str],
    layout: str | None = None,
    pattern: str | None = None,
    most_faults: int = MOST_FAULTS,
) -> Cells:
    """Read a manifest, or the folder of a corpus, into columns.

    Args:
        manifest: Its path.
        columns: Which columns have other names, as in :class:`~augment.corpus.spec.CorpusSpec`.
        layout: Name of its layout; if not given, the ending of the manifest's name decides.
        pattern: How the files of a plain folder are named.
        most_faults: Reading stops after so many rows that cannot be read.

    Raises:
        CorpusError: There is no such file or no reader for it, or nothing beyond a certain row can be read.
    """
    import polars

    source = Source(manifest, pattern)
    times = {columns.get(name, name) for name in TIMES}
    labels = {column for name, column in columns.items() if name not in TIMES}  # a time may be a label too
    frames: list[polars.DataFrame] = []
    written: set[str] = set()
    nested: dict[str, Nested] = {}
    numbers_in: Counter[str] = Counter()
    faults: list[Fault] = []
    count = 0
    for numbers, rows in _portions(rows_of(source, layout), faults, most_faults):
        names = {name for row in rows for name in row}
        count, written = count + len(rows), written | names
        series = [_places(manifest, numbers)]
        for name in sorted(names):
            values = [row.get(name) for row in rows]
            series += _times(name, values) if name in times else []
            if name in labels or name not in times:
                found, texts = _texts(name, values, manifest, numbers)
                series.append(texts)
                if not {*map(type, values)} <= {str, type(None)}:  # most columns are all text, and there are millions
                    numbers_in[name] += sum(map(_is_number, values))
                for several in found:
                    nested[name] = nested[name] + several if name in nested else several
        frames.append(polars.DataFrame(series))
    frame = polars.concat(frames, how="diagonal") if frames else polars.DataFrame({"row": []}, {"row": polars.String})
    notes, count = tuple(source.notes), count + len(faults)
    return Cells(frame, frozenset(written), tuple(faults), count, notes, source.unused, nested, numbers_in)


def _portions(
    rows: Iterable[tuple[Place, Row | Fault]], faults: list[Fault], most_faults: int
) -> Iterator[tuple[list[Place], list[Row]]]:
    """Rows and their places, some thousands at a time; faults are collected on the side."""
    numbers: list[Place] = []
    found: list[Row] = []
    for number, row in rows:
        if isinstance(row, Fault):
            faults.append(row)
            if len(faults) >= most_faults:
                raise CorpusError(
                    [*gathered(faults)[:MOST_FAULTS], Fault("", "and perhaps more: reading stopped there")]
                )
            continue
        numbers.append(number)
        found.append(row)
        if len(found) >= ROWS_AT_ONCE:
            yield numbers, found
            numbers, found = [], []
    if found:
        yield numbers, found


def _places(manifest: Location, numbers: list[Place]) -> "polars.Series":
    """Where rows stand; in some layouts that is a file name, which need not be valid Unicode."""
    import polars

    places = list(map(str, numbers))
    try:
        return polars.Series("row", places, polars.String)
    except UnicodeEncodeError:
        odd = [place for place in places if any("\ud800" <= c <= "\udfff" for c in place)]
        faults = [Fault(str(manifest), f"the name {place!r} is not UTF-8", "rename it") for place in odd]
        raise CorpusError(faults[:MOST_FAULTS]) from None


def _times(name: str, values: list[Any]) -> list["polars.Series"]:
    import polars

    found = polars.Series(f"seconds:{name}", [seconds(value) for value in values], polars.Float64)
    return [found, polars.Series(f"shown:{name}", [_shown(value) for value in values], polars.String)]


def _texts(
    name: str, values: list[Any], manifest: Location, numbers: list[Place]
) -> tuple[list[Nested], "polars.Series"]:
    """A column as text, and the cells that do not hold text."""
    import polars

    texts = [(value.strip() or None) if type(value) is str else text(value) for value in values]
    try:
        series = polars.Series(f"text:{name}", texts, polars.String)
    except UnicodeEncodeError:
        halves = [n for n, t in zip(numbers, texts, strict=True) if t and any("\ud800" <= c <= "\udfff" for c in t)]
        message = "a text of this row is not valid Unicode (half of a surrogate pair)"
        raise CorpusError([Fault(where(manifest, number), message) for number in halves[:MOST_FAULTS]]) from None
    emptied = series.null_count() > values.count(None)
    held = nested_cells(values, numbers) if emptied else None
    spelled, series = spelled_cells(series, numbers)
    return [found for found in (held, spelled) if found is not None], series


def seconds(value: Any) -> float | None:
    """A cell as a time in s; None for anything but a finite number of 0 or more.

    Example:
        >>> seconds(" 1.5 "), seconds(-1), seconds(True), seconds("1,5")
        (1.5, None, None, None)
    """
    if value is None or isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and found >= 0 else None


def text(value: Any) -> str | None:
    """A cell as text; None for an empty one, for NaN, and for one that holds more than one value.

    Example:
        >>> text(" a "), text("  "), text(True), text(1.50), text(float("nan")), text(["a"])
        ('a', None, 'true', '1.5', None, None)
    """
    if value is None or type(value) in KINDS or isinstance(value, Held):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value).strip() or None


def _is_number(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))


def _shown(value: Any) -> str | None:
    """The spelling of a cell that should be a time above 0 s and below eleven days, but is not."""
    if value is None or 0 < (seconds(value) or 0) <= LONGEST_S:
        return None
    several = type(value) in KINDS or isinstance(value, Held)
    return repr(value)[:WIDEST] if several or isinstance(value, float) or text(value) is not None else ""
