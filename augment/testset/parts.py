"""Rows of finished items where builds left them: in the parts of shards, and in the manifest of an earlier build.

Of each item is held where its row lies, 12 bytes, by the item's number in the plan.
"""

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from augment.design.items import Items
from augment.errors import Fault, TestSetError
from augment.files.json_rows import Row
from augment.files.json_text import PLAIN
from augment.files.store import Store
from augment.testset.by_name import NameIndex

BLOCK_BYTES, BLOCKS_HELD = 2**18, 64
"""Read of a part at once, and how many such blocks are held: a plan's items come in another order than shards."""
AT_ONCE = 4096


class PlannedKeys:
    """Which number each planned item has, and whether a key is the one that it is to have: 20 bytes of each are held.

    Both by hashes of 64 bits. Names and keys themselves are compared when the manifest is written. No item is made
    before the first question.

    Args:
        items: Gives ``audio_filepath`` and key of every item, in the order of the plan.
        height: How many there are.

    Example:
        >>> planned = PlannedKeys(lambda: [("audio/c/a.wav", "k1"), ("audio/c/b.wav", "k2")], 2)
        >>> numbers = planned.numbers(["audio/c/b.wav", "audio/c/x.wav"])
        >>> numbers.tolist(), planned.wanted(numbers, ["k2", "k9"]).tolist()
        ([1, -1], [True, False])
    """

    def __init__(self, items: Callable[[], Iterable[tuple[str, str]]], height: int) -> None:
        self._items, self._height = items, height

    @classmethod
    def of(cls, table: Items) -> Self:
        """Those of a plan."""

        def items() -> Iterator[tuple[str, str]]:
            for rows in table.slices():
                yield from rows.select("audio_filepath", "key").iter_rows()

        return cls(items, table.height)

    @cached_property
    def _hashed(self) -> tuple[NameIndex, NDArray[np.int64]]:
        keys = array("q")

        def names() -> Iterator[str]:
            for name, key in self._items():
                keys.append(hash(key))
                yield name

        index = NameIndex(names())
        return index, np.array(keys, np.int64)

    def __len__(self) -> int:
        return self._height

    def numbers(self, names: Sequence[str]) -> NDArray[np.int32]:
        """Numbers of items by ``audio_filepath``, -1 for what is not planned; shape (n,)."""
        return self._hashed[0].numbers(names) if names else np.empty(0, np.int32)

    def wanted(self, numbers: NDArray[np.int32], keys: Sequence[str]) -> NDArray[np.bool_]:
        """Whether keys are those that planned items of these numbers are to have; shape (n,)."""
        found = np.fromiter(map(hash, keys), np.int64, len(keys))
        known = numbers >= 0
        return known & (self._hashed[1][np.maximum(numbers, 0)] == found) if len(self) else known


class PartRows(Collection[int]):
    """Rows of finished items, by the number of the item in the plan; a collection of these numbers.

    Args:
        folder: The test set.
        keys: Which items are planned.
    """

    def __init__(self, folder: Store, keys: PlannedKeys) -> None:
        self._folder, self._keys, self._names = folder, keys, list[str]()
        # Parts are counted from 1 on: zeros take no memory before something is written over them.
        self._part, self._start = np.zeros(len(keys), np.int32), np.zeros(len(keys), np.int64)
        self._block = lru_cache(BLOCKS_HELD)(self._read)

    def __len__(self) -> int:
        return int(np.count_nonzero(self._part))

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and bool(self._part[number])

    def __iter__(self) -> Iterator[int]:
        return iter(self.numbers.tolist())

    def lacks(self, numbers: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Whether items have no row; shape (n,)."""
        return np.asarray(self._part[numbers] == 0)

    @property
    def numbers(self) -> NDArray[np.int64]:
        """Numbers of items that have a row, ascending; shape (n,)."""
        return np.flatnonzero(self._part)

    @property
    def as_they_lie(self) -> NDArray[np.int64]:
        """The same in the order in which their rows lie on the disk."""
        numbers = self.numbers
        return numbers[np.lexsort((self._start[numbers], self._part[numbers]))]

    def put(self, part: str, numbers: NDArray[np.int32], starts: Sequence[int] | NDArray[np.int64]) -> None:
        """Note where rows lie; what was known of these items before counts no longer.

        Args:
            part: Name of the file.
            numbers: Of the items.
            starts: Where the line of each begins.
        """
        if not self._names or self._names[-1] != part:
            self._names.append(part)
        self._part[numbers], self._start[numbers] = len(self._names), starts
        self._block.cache_clear()  # a part of this name may have been read before it was written anew

    def forget(self, numbers: Iterable[int]) -> None:
        """Take back that items are finished."""
        self._part[list(numbers)] = 0

    def row(self, number: int) -> Row:
        """The row of a finished item.

        Raises:
            TestSetError: It is no longer there.
        """
        part, start = int(self._part[number]) - 1, int(self._start[number])
        turn, at = divmod(start, BLOCK_BYTES)
        data = self._block(part, turn)
        end = data.find(b"\n", at)
        line = data[at : end if end >= 0 else None]
        while end < 0 and len(data) == BLOCK_BYTES:
            turn += 1
            data = self._block(part, turn)
            end = data.find(b"\n")
            line += data[: end if end >= 0 else None]
        try:
            row: Row = PLAIN.decode(line.decode())
        except ValueError:
            place = str(self._folder.path / self._names[part])
            raise TestSetError(Fault(place, "the file has changed while it was read", "build again")) from None
        return row

    def _read(self, part: int, turn: int) -> bytes:
        try:
            return self._folder.stretch(self._names[part], turn * BLOCK_BYTES, (turn + 1) * BLOCK_BYTES)
        except OSError as error:
            place = str(self._folder.path / self._names[part])
            raise TestSetError(Fault(place, f"cannot be read: {error}", "build again")) from None
