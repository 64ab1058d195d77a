"""Lines of other people's text files, read lazily: bounded in length and number, compressed or not."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from augment.bounds import (
    FEW_LINES,
    FIRST_EXPANSION_BYTES,
    LONGEST_LINE_BYTES,
    MOST_EXPANSION,
    MOST_ROWS,
    SHORTEST_LINES_BYTES,
)
from augment.errors import AcoustigridError, Fault
from augment.files.location import Location, Url
from augment.files.regular import fetched, size_bytes

UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""Byte order marks of UTF-16."""
FORMS = {
    b"PK\x03\x04": ("a spreadsheet (.xlsx) or another ZIP archive", "save the sheet as 'CSV UTF-8'"),
    b"\xd0\xcf\x11\xe0": ("an old spreadsheet (.xls)", "save the sheet as 'CSV UTF-8'"),
    b"PAR1": ("Parquet", "let its name end in .parquet"),
    b"\x1f\x8b": ("compressed by gzip", "let its name end in .gz, as in .csv.gz or .jsonl.gz, or unpack it"),
    b"BZh": ("compressed by bzip2", "unpack it"),
    b"\xfd7zXZ\0": ("compressed by xz", "unpack it"),
    b"(\xb5/\xfd": ("compressed by zstd", "unpack it"),
}
"""First bytes of files that are not text, what such files are, and what to do about it."""


def text_lines(path: Location, error: type[AcoustigridError]) -> Iterator[str]:
    """Lines of a text file, compressed by gzip or not, with their line feeds; nothing else ends a line.

    A byte order mark is skipped.

    Args:
        path: The file, compressed if its name ends in ``.gz``.
        error: The type of error to raise.

    Raises:
        AcoustigridError: Of the given type: the file is not there, is empty, is not a regular file, cannot be read, is
            not UTF-8, or exceeds a bound of :mod:`augment.bounds`: a line is too long, there are too many lines, or a
            compressed file expands more than text can.
    """
    size, number = size_bytes(path, error), 1
    try:
        with _opened(path, error) as file:
            for number, raw in enumerate(_bounded(file, path, size, error), start=1):
                if number == 1 and (form := next((f for head, f in FORMS.items() if raw.startswith(head)), "")):
                    raise error(Fault(f"{path}:1", f"the file is {form[0]}, whatever its name says", form[1]))
                if number == 1 and b"\0" in raw and raw[:2] not in UTF_16:
                    message = "the file holds zero bytes: it is UTF-16 or no text at all"
                    raise error(Fault(f"{path}:1", message, "save it as UTF-8"))
                yield raw.decode("utf-8" if number > 1 else "utf-8-sig")
    except UnicodeDecodeError:
        what = "UTF-16" if number == 1 and raw[:2] in UTF_16 else "not UTF-8"
        raise error(Fault(f"{path}:{number}", f"the file is {what}", "save it as UTF-8")) from None
    except (OSError, EOFError, zlib.error) as problem:
        raise error(Fault(str(path), f"cannot be read: {problem}")) from problem


@contextmanager
def _opened(path: Location, error: type[AcoustigridError]) -> Iterator[BinaryIO]:
    """A file, unpacked if it is compressed; one of an object store is fetched first."""
    with fetched(path, error) if isinstance(path, Url) else path.open("rb") as plain:
        if path.suffix.lower() == ".gz":
            with gzip.open(plain) as unpacked:
                yield cast("BinaryIO", unpacked)
        else:
            yield plain


def _bounded(file: BinaryIO, path: Location, size: int, error: type[AcoustigridError]) -> Iterator[bytes]:
    """Lines within the bounds."""
    read = 0
    for number in range(1, MOST_ROWS + 2):
        raw = file.readline(LONGEST_LINE_BYTES + 1)
        if not raw:
            return
        read += len(raw)
        if len(raw) > LONGEST_LINE_BYTES:
            message = f"the line has more than {LONGEST_LINE_BYTES:,} bytes, which no row has"
            raise error(Fault(f"{path}:{number}", message, "is it a manifest, with one row on each line?"))
        if read > FIRST_EXPANSION_BYTES and read > MOST_EXPANSION * size:
            message = f"its {size:,} bytes expand to more than {read:,}; no more than {MOST_EXPANSION} times are read"
            raise error(Fault(str(path), message, "unpack it and check its contents"))
        if number > MOST_ROWS:
            raise error(Fault(str(path), f"the file has more than {MOST_ROWS:,} lines", "take a part of it"))
        if number > FEW_LINES and read < SHORTEST_LINES_BYTES * number:
            message = f"its first {number:,} lines have less than {SHORTEST_LINES_BYTES} bytes each, too few for rows"
            raise error(Fault(str(path), message, "look what is in it"))
        yield raw
