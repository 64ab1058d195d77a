"""What a Parquet file says about its own sizes, added up before a library believes it.

A wrong count in a page header makes polars ask for memory that no machine has, which ends the whole process without an
exception. So headers are read here first, and what they say must be consistent and fit into the file.

Reference: Apache Parquet, ``parquet.thrift``; Apache Thrift, "Thrift Compact protocol encoding".
"""

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

MAGIC = b"PAR1"
LARGEST_HEADER_BYTES = 2**16
LARGEST_FOOTER_BYTES = 2**26
DEEPEST = 16
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_WHOLE = (4, 5, 6)


def unpacked_bytes(file: BinaryIO) -> int:
    """Unpacked size of all pages of an open file, in bytes.

    Raises:
        ValueError: It is not a Parquet file, or its headers contradict each other.
        OSError: It cannot be read.
    """
    size = file.seek(0, io.SEEK_END)
    if size < 12:
        raise ValueError("it is too short")
    file.seek(size - 8)
    tail = file.read(8)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != MAGIC or length > min(size - 12, LARGEST_FOOTER_BYTES):
        raise ValueError("it has no footer")
    file.seek(size - 8 - length)
    footer = _struct(io.BytesIO(file.read(length)))
    chunks = [chunk for group in _list(footer, 4) for chunk in _list(group, 1)]
    return sum(_chunk(file, _part(chunk, 3), size) for chunk in chunks)


def _chunk(file: BinaryIO, said: dict[int, Any], size: int) -> int:
    """Unpacked size of one column of a row group."""
    values = _count(said, 5)
    place = min(_count(said, number) for number in (9, 11) if said.get(number) or number == 9)
    found = unpacked = 0
    while found < values:
        file.seek(place)
        header = io.BytesIO(file.read(LARGEST_HEADER_BYTES))
        page = _struct(header)
        place += header.tell() + _count(page, 3)
        if place > size:
            raise ValueError("a page ends beyond the file")
        unpacked += _count(page, 2)
        found += _values(page, values - found)
    return unpacked


def _values(page: dict[int, Any], most: int) -> int:
    """Number of values in a data page; 0 for any other page."""
    for kind in (5, 7, 8):
        if kind in page:
            count = _count(_part(page, kind), 1)
            if count > most or (kind == 8 and _count(_part(page, kind), 2) > count):
                raise ValueError("a page has more values than its column")
            return 0 if kind == 7 else count
    return 0


def _count(said: dict[int, Any], number: int) -> int:
    value = said.get(number)
    if type(value) is not int or value < 0:
        raise ValueError("a number in a header is missing, or below 0")
    return value


def _part(said: dict[int, Any], number: int) -> dict[int, Any]:
    value = said.get(number)
    if not isinstance(value, dict):
        raise ValueError("a part of a header is missing")
    return value


def _list(said: dict[int, Any], number: int) -> list[dict[int, Any]]:
    value = said.get(number)
    if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
        raise ValueError("a list in a header is missing")
    return value


def _struct(data: io.BytesIO, depth: int = 0) -> dict[int, Any]:
    """Fields of a structure by their numbers."""
    if depth > DEEPEST:
        raise ValueError("a header is nested too deeply")
    found: dict[int, Any] = {}
    number = 0
    while (byte := _byte(data)) != 0:
        number = number + (byte >> 4) if byte >> 4 else _zigzag(data)
        found[number] = _value(data, byte & 15, depth)
    return found


def _value(data: io.BytesIO, kind: int, depth: int) -> Any:
    if kind in (_TRUE, _FALSE):
        return kind == _TRUE
    if kind in _WHOLE:
        return _zigzag(data)
    if kind == _STRUCT:
        return _struct(data, depth + 1)
    if kind in (_LIST, _SET):
        return list(_items(data, depth + 1))
    length = {_BYTE: 1, _DOUBLE: 8}.get(kind) if kind != _BINARY else _varint(data)
    if length is None:
        raise ValueError("a header holds a field of an unknown kind")
    read = data.read(length)
    if len(read) < length:
        raise ValueError("a header is cut off")
    return read


def _items(data: io.BytesIO, depth: int) -> Iterator[Any]:
    byte = _byte(data)
    count = byte >> 4 if byte >> 4 < 15 else _varint(data)
    for _ in range(count):
        # Within lists, booleans take a byte each.
        yield _byte(data) == _TRUE if byte & 15 in (_TRUE, _FALSE) else _value(data, byte & 15, depth)


def _byte(data: io.BytesIO) -> int:
    read = data.read(1)
    if not read:
        raise ValueError("a header is cut off")
    return read[0]


def _varint(data: io.BytesIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = _byte(data)
        value |= (byte & 127) << shift
        if byte < 128:
            return value
    raise ValueError("a number in a header has no end")


def _zigzag(data: io.BytesIO) -> int:
    value = _varint(data)
    return (value >> 1) ^ -(value & 1)
