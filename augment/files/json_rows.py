"""Rows of JSON Lines that stay on the disk: whoever goes through a million of them holds one at a time.

What is held of a row is where its line begins, 8 bytes. To read a row again takes some 20 us, so that what goes through
all rows should do it once.
"""

import hashlib
import weakref
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Lock
from typing import Any, BinaryIO, cast

from augment.bounds import LONGEST_LINE_BYTES, MOST_ITEMS
from augment.errors import Fault, TestSetError, gathered
from augment.files.content import Hashed, larger
from augment.files.json_text import PLAIN, json_line, strict_json
from augment.files.store import Store
from augment.sequences import MadeSequence

Row = dict[str, Any]
Rows = Sequence[Row]
"""Rows of a file, in memory or not."""
Take = Callable[[int, Row], None]
"""Gets each row once and its number from 0, while a file is read; errors of values or kinds make it a damaged line."""

PASSED_BYTES = 2**20
"""Read at once by who goes through all rows."""
AHEAD_BYTES = 2**16
"""Read at once by who asks for one row after the other."""
MOST_FAULTS = 50
"""Of a file that are told."""
DAMAGE = (ValueError, TypeError, KeyError, RecursionError)


class JsonRows(MadeSequence[Row]):
    r"""Rows of a file that was read and found whole: a sequence like a list, of which nothing is held.

    The file stays open, so that rows are those that were found, whatever takes its name later.

    Args:
        file: Open for reading; closed when nothing refers to the rows any more.
        place: What to call it.
        starts: Where each line begins, and at last where the file ends; blank lines belong to the row before them.
        sha256: Hash of the file.

    Attributes:
        starts: As given.
        sha256: As given.

    Example:
        >>> import io
        >>> rows = JsonRows(io.BytesIO(b'{"a": 1}\n{"a": 2}\n'), "rows.jsonl", array("q", [0, 9, 18]), "")
        >>> len(rows), rows[-1], [row["a"] for row in rows], rows[:1]
        (2, {'a': 2}, [1, 2], [{'a': 1}])
    """

    def __init__(self, file: BinaryIO, place: str, starts: "array[int]", sha256: str) -> None:
        self.sha256, self.starts = sha256, starts
        self._file, self._place, self._reading = file, place, Lock()
        self._before, self._ahead = -1, (0, b"")
        weakref.finalize(self, file.close)

    def __reduce__(self) -> tuple[type[list[Row]], tuple[list[Row]]]:
        return list, (list(self),)  # an open file cannot be sent to another process: the rows themselves are

    def __len__(self) -> int:
        return len(self.starts) - 1

    def at(self, number: int) -> Row:
        start, end = self.starts[number], self.starts[number + 1]
        begins, data = self._ahead
        if not begins <= start <= end <= begins + len(data):
            most = AHEAD_BYTES if number == self._before + 1 else 0
            begins, data = self._ahead = start, self._read(start, max(end - start, most))
        self._before = number
        return _parsed(data[start - begins : end - begins], self._place)

    def between(self, first: int, last: int) -> Iterator[Row]:
        starts = self.starts
        while first < last:
            begins = starts[first]
            stop = max(first + 1, bisect_right(starts, begins + PASSED_BYTES, first, last + 1) - 1)
            data = self._read(begins, starts[stop] - begins)
            for number in range(first, stop):
                yield _parsed(data[starts[number] - begins : starts[number + 1] - begins], self._place)
            first = stop

    def _read(self, start: int, size: int) -> bytes:
        try:
            with self._reading:  # others may go through the same rows, in threads of their own
                self._file.seek(start)
                return self._file.read(size)
        except OSError as error:
            raise TestSetError(Fault(self._place, f"cannot be read: {error.strerror or error}")) from None


def _parsed(line: bytes, place: str) -> Row:
    try:
        return cast("Row", PLAIN.decode(line.decode()))
    except ValueError:
        message = "the file has changed while it was read"
        raise TestSetError(Fault(place, message, "run the same command again")) from None


class PickedRows(MadeSequence[Row]):
    """Some rows in an order of their own.

    Args:
        rows: All of them.
        numbers: Those that are meant, by their number.

    Example:
        >>> picked = PickedRows([{"a": 1}, {"a": 2}, {"a": 3}], array("q", [2, 0]))
        >>> list(picked), len(picked), picked[1:]
        ([{'a': 3}, {'a': 1}], 2, [{'a': 1}])
    """

    def __init__(self, rows: Rows, numbers: Sequence[int]) -> None:
        self._rows, self._numbers = rows, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def at(self, number: int) -> Row:
        return self._rows[self._numbers[number]]


def read_json_rows(folder: Store, name: str, take: Take) -> JsonRows:
    """Read a file of rows, once and strictly; see :class:`JsonRows`.

    Args:
        folder: Where it lies.
        name: Its name there.
        take: Looks at each row.

    Raises:
        TestSetError: It cannot be read, or lines are damaged: all of them are told.
    """
    place, faults = str(folder.path / name), list[Fault]()
    digest, starts, at = hashlib.sha256(), array("q"), 0
    try:
        file = folder.open(name)
    except OSError as error:
        raise TestSetError(Fault(place, f"cannot be read: {error}")) from None
    try:
        for number, line in enumerate(_lines(file, place), start=1):
            digest.update(line)
            if line != b"\n":
                try:
                    take(len(starts), strict_json(line.decode()))
                except UnicodeDecodeError as error:
                    faults.append(Fault(f"{place}:{number}", f"cannot be read: {error}"))
                except DAMAGE as error:
                    faults.append(Fault(f"{place}:{number}", f"the line is damaged: {error!r}"))
                starts.append(at)
            at += len(line)
        if faults:
            raise TestSetError(gathered(faults)[:MOST_FAULTS])
    except BaseException:
        file.close()
        raise
    starts.append(at)
    return JsonRows(file, place, starts, digest.hexdigest())


def _lines(file: BinaryIO, place: str) -> Iterator[bytes]:
    """Lines with their ends, within the bounds."""
    for number in range(1, MOST_ITEMS + 2):
        try:
            line = file.readline(LONGEST_LINE_BYTES + 1)
        except OSError as error:
            raise TestSetError(Fault(place, f"cannot be read: {error}")) from None
        if not line:
            return
        if len(line) > LONGEST_LINE_BYTES:
            message = f"the line has more than {LONGEST_LINE_BYTES:,} bytes; no more are read"
            raise TestSetError(Fault(f"{place}:{number}", message))
        if number > MOST_ITEMS:
            raise TestSetError(Fault(place, f"the file has more than {MOST_ITEMS:,} lines; no more are read"))
        yield line


def rows_between(folder: Store, name: str, lines: Iterable[tuple[int, int]]) -> list[Row]:
    """Rows of a file that was read before, perhaps in another process.

    Args:
        folder: Where it lies.
        name: Its name there.
        lines: Beginning and end of each stretch of lines, in bytes.

    Raises:
        TestSetError: It has changed since.
    """
    place, rows = str(folder.path / name), list[Row]()
    try:
        for start, end in lines:
            rows += (_parsed(line, place) for line in folder.stretch(name, start, end).split(b"\n") if line)
    except OSError as error:
        raise TestSetError(Fault(place, f"cannot be read: {error}")) from None
    return rows


def write_json_rows(folder: Store, name: str, rows: Iterable[Row]) -> JsonRows:
    """Write rows while they are made, in place of whatever has the name; see :class:`JsonRows`.

    Args:
        folder: Where to write them.
        name: Name of the file.
        rows: The rows.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from augment.files.sealed import SealedFolder
        >>> rows = write_json_rows(SealedFolder(Path(tempfile.mkdtemp())), "rows.jsonl", ({"a": n} for n in (1, 2)))
        >>> list(rows), len(rows.sha256)
        ([{'a': 1}, {'a': 2}], 64)
    """
    starts = array("q", [0])

    def lines() -> Iterator[bytes]:
        for row in rows:
            line = json_line(row)
            starts.append(starts[-1] + len(line))
            yield line

    passing = Hashed(larger(lines()))
    folder.replace(name, passing)
    return JsonRows(folder.open(name), str(folder.path / name), starts, passing.sha256)
