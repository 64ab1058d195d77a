"""Sorting more than memory should hold: portions are sorted, put on the disk, and merged from there."""

import heapq
import struct
import tempfile
from collections.abc import Iterable, Iterator
from typing import BinaryIO

AT_ONCE = 50_000
"""Keys that are held at the same time."""
BUFFER_BYTES = 2**16
HEAD = struct.Struct("<IQ")

Numbered = tuple[bytes, int]


def in_order(keys: Iterable[bytes], at_once: int = AT_ONCE) -> Iterator[Numbered]:
    """Keys and the numbers that they came with, from 0, sorted by bytes; of equal ones the first comes first.

    Args:
        keys: The keys.
        at_once: How many are held in memory.

    Example:
        >>> list(in_order([b"b", b"c", b"a", b"b"], at_once=2))
        [(b'a', 2), (b'b', 0), (b'b', 3), (b'c', 1)]
    """
    waiting, runs = list[Numbered](), list[tuple[int, int]]()
    with tempfile.TemporaryFile() as spill:
        for number, key in enumerate(keys):
            if len(waiting) == at_once:
                runs.append(_spilled(spill, waiting))
                waiting = []
            waiting.append((key, number))
        waiting.sort()
        yield from heapq.merge(*(_read(spill, start, count) for start, count in runs), waiting)


def _spilled(spill: BinaryIO, waiting: list[Numbered]) -> tuple[int, int]:
    """Sort and write; returns where the run begins and how many it has."""
    waiting.sort()
    start = spill.tell()
    for key, number in waiting:
        spill.write(HEAD.pack(len(key), number))
        spill.write(key)
    return start, len(waiting)


def _read(spill: BinaryIO, start: int, count: int) -> Iterator[Numbered]:
    at, ahead, place = start, b"", 0
    for _ in range(count):
        if len(ahead) - place < HEAD.size or len(ahead) - place < HEAD.size + HEAD.unpack_from(ahead, place)[0]:
            at += place
            spill.seek(at)
            ahead, place = spill.read(BUFFER_BYTES), 0
            size = HEAD.unpack_from(ahead)[0]
            if len(ahead) < HEAD.size + size:
                ahead += spill.read(size)
        size, number = HEAD.unpack_from(ahead, place)
        place += HEAD.size + size
        yield ahead[place - size : place], number
