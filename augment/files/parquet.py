"""Other people's Parquet files: damage always ends in a proper error message.

On some flipped bits polars panics, which is not an ``Exception``, and which it reports on standard error by itself. So
every Parquet file is read here.
"""

import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from augment.bounds import FEW_PARQUET_ROWS, FIRST_EXPANSION_BYTES, MOST_COLUMNS, MOST_EXPANSION, MOST_ITEMS, MOST_ROWS
from augment.errors import AcoustigridError, Fault
from augment.files.location import Location
from augment.files.parquet_pages import unpacked_bytes
from augment.files.regular import size_bytes

if TYPE_CHECKING:
    import polars

Found = TypeVar("Found")


def read_parquet(path: Path, error: type[AcoustigridError]) -> "polars.DataFrame":
    """All of a table; see :func:`ask_parquet`."""
    return ask_parquet(path, error, lambda table: table.collect())


def ask_parquet(path: Path, error: type[AcoustigridError], ask: "Callable[[polars.LazyFrame], Found]") -> Found:
    """The answer to a question about a table.

    Args:
        path: A Parquet file.
        error: The type of error to raise.
        ask: The question: it gets the table before it is read, and reads what it needs of it.

    Raises:
        AcoustigridError: Of the given type: there is no such file, it is not a regular file, it is not a Parquet file
            or is damaged, it has too many rows or columns, or it lacks a column that is asked for.
    """
    size = size_bytes(path, error)
    return _answer(path, path, error, (size, lambda: _unpacked_bytes(path, size, path.stat().st_mtime_ns)), ask)


def parse_parquet(data: bytes, place: Location, error: type[AcoustigridError]) -> "polars.DataFrame":
    """A table in memory; see :func:`ask_parquet`.

    Args:
        data: A whole Parquet file.
        place: What to call it.
        error: The type of error to raise.
    """
    sizes = len(data), lambda: unpacked_bytes(io.BytesIO(data))
    return _answer(io.BytesIO(data), place, error, sizes, lambda table: table.collect(), MOST_ITEMS)


def _answer(
    source: Path | io.BytesIO,
    path: Location,
    error: type[AcoustigridError],
    sizes: tuple[int, Callable[[], int]],
    ask: "Callable[[polars.LazyFrame], Found]",
    most_rows: int = MOST_ROWS,
) -> Found:
    """The answer to a question about a table; `sizes` are its size in bytes as it is, and unpacked."""
    import polars

    size, unpacked = sizes
    try:
        _refuse_expanding(path, size, unpacked(), error)
        with _panics_caught():
            table = polars.scan_parquet(source, glob=False)
            _refuse_large(path, table, min(most_rows, max(FEW_PARQUET_ROWS, size)), error)
            return ask(table)
    except (OSError, ValueError, polars.exceptions.PolarsError) as problem:
        raise error(Fault(str(path), f"cannot be read as a table: {_first_line(problem)}")) from None
    except polars.exceptions.PanicException:
        remedy = "fetch or copy it again"
        raise error(Fault(str(path), "cannot be read as a table: it is damaged", remedy)) from None


@lru_cache(maxsize=256)
def _unpacked_bytes(path: Path, size: int, changed_ns: int) -> int:
    """Unpacked size, computed once for each file."""
    with path.open("rb") as file:
        return unpacked_bytes(file)


def _refuse_expanding(path: Location, size: int, unpacked: int, error: type[AcoustigridError]) -> None:
    """Refuse a file whose pages contradict each other or would unpack to far more than its size."""
    if unpacked > max(FIRST_EXPANSION_BYTES, MOST_EXPANSION * size):
        message = f"its {size:,} bytes expand to {unpacked:,}; no more than {MOST_EXPANSION} times are read"
        raise error(Fault(str(path), message, "look what is in it"))


def _refuse_large(path: Location, table: "polars.LazyFrame", most: int, error: type[AcoustigridError]) -> None:
    import polars

    columns = len(table.collect_schema())
    rows = int(table.select(polars.len()).collect().item())
    if columns > MOST_COLUMNS:
        raise error(Fault(str(path), f"the table has {columns:,} columns; at most {MOST_COLUMNS:,} are read"))
    if rows > most:
        message = f"the table has {rows:,} rows; at most {most:,} are read from a file of its size"
        raise error(Fault(str(path), message))


def _first_line(problem: Exception) -> str:
    return str(problem).strip().split("\n", 1)[0]


@contextmanager
def _panics_caught() -> Iterator[None]:
    """Hold back what a library writes to standard error until it is known whether it panicked."""
    import polars

    sys.stderr.flush() if sys.stderr is not None else None
    before = os.dup(2)
    try:
        with tempfile.TemporaryFile() as kept:
            os.dup2(kept.fileno(), 2)
            panicked = False
            try:
                yield
            except polars.exceptions.PanicException:
                panicked = True
                raise
            finally:
                os.dup2(before, 2)
                kept.seek(0)
                if not panicked:
                    os.write(2, kept.read())
    finally:
        os.close(before)
