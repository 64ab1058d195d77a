"""Rows by their ``audio_filepath``, wherever they are kept: 12 bytes of each are held, and no name."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from augment.files.json_rows import Row, Rows

NAME = "audio_filepath"


class NameIndex:
    """Which numbers names have, by hashes of 64 bits: whoever asks looks whether it is the name that was meant.

    Args:
        names: In the order of their numbers.

    Example:
        >>> index = NameIndex(["a", "b", "a"])
        >>> index.numbers(["b", "c", "a"]).tolist(), index.every("a"), index.twice
        ([1, -1, 0], [0, 2], True)
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._sort(np.fromiter(map(hash, names), np.int64))

    @classmethod
    def of_hashes(cls, hashes: "array[int]") -> Self:
        """The same of names that were hashed before, by Python's own ``hash``."""
        index = cls(())
        index._sort(np.array(hashes, np.int64))
        return index

    def _sort(self, found: NDArray[np.int64]) -> None:
        self._order = np.argsort(found, kind="stable").astype(np.int32)
        self._hashes = found[self._order]

    def __len__(self) -> int:
        return self._hashes.size

    @property
    def twice(self) -> bool:
        """Whether two names may be the same."""
        return bool(np.any(self._hashes[1:] == self._hashes[:-1]))

    def numbers(self, names: Sequence[str]) -> NDArray[np.int32]:
        """The first number that each name may have, -1 where it has none; shape (n,)."""
        wanted = np.fromiter(map(hash, names), np.int64, len(names))
        place = np.searchsorted(self._hashes, wanted)
        found = np.full(len(names), -1, np.int32)
        inside = place < self._hashes.size
        known = np.flatnonzero(inside)[self._hashes[place[inside]] == wanted[inside]]
        found[known] = self._order[place[known]]
        return found

    def every(self, name: str) -> list[int]:
        """All numbers that a name may have, in order."""
        first, last = (np.searchsorted(self._hashes, hash(name), side) for side in ("left", "right"))
        return [int(number) for number in self._order[first:last]]


class ByName(Mapping[str, Row]):
    """Rows by their name, in the order of the rows, as in a dict that was made of them: the last of two counts.

    To ask for one name after the other in the order of the rows costs no search.

    Args:
        rows: The rows.
        index: Their names, where these are known already.

    Example:
        >>> rows = ByName([{"audio_filepath": "a", "n": 1}, {"audio_filepath": "b", "n": 2}])
        >>> rows["b"]["n"], list(rows), "c" in rows, rows.number("b")
        (2, ['a', 'b'], False, 1)
    """

    def __init__(self, rows: Rows, index: NameIndex | None = None) -> None:
        self.rows = rows
        self._index = NameIndex(row[NAME] for row in rows) if index is None else index
        self._last, self._dropped = self._twice() if self._index.twice else ({}, frozenset[int]())
        self._next = 0

    def __reduce__(self) -> tuple[type[Self], tuple[Rows]]:
        return type(self), (self.rows,)  # hashes mean nothing in another process

    def __len__(self) -> int:
        return len(self.rows) - len(self._dropped)

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self.pairs())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.found(name) is not None

    def __getitem__(self, name: str) -> Row:
        found = self.found(name)
        if found is None:
            raise KeyError(name)
        return found[1]

    def number(self, name: str) -> int | None:
        """The number of a row; None if there is none of that name."""
        found = self.found(name)
        return None if found is None else found[0]

    def numbers(self, names: Sequence[str]) -> NDArray[np.int32]:
        """Numbers that rows of these names would have, by their hashes only; -1 where there is none; shape (n,)."""
        return self._index.numbers(names)

    def names_of(self, chosen: NDArray[np.bool_]) -> Iterator[str]:
        """Names of some rows, each name once; of several rows with one name, the last decides; shape (n,)."""
        for first, last in self._last.items():
            chosen[first] &= chosen[last]
        return (self.rows[number][NAME] for number in np.flatnonzero(chosen).tolist() if number not in self._dropped)

    @property
    def twice(self) -> list[str]:
        """Names that several rows have, sorted."""
        return sorted(self.rows[number][NAME] for number in self._last)

    def pairs(self) -> Iterator[tuple[str, Row]]:
        """Names and rows, each row read once."""
        for number, row in enumerate(self.rows):
            if number not in self._dropped:
                last = self._last.get(number)
                yield row[NAME], row if last is None else self.rows[last]

    def found(self, name: str) -> tuple[int, Row] | None:
        """A row and its number; None if there is none of that name."""
        if self._next < len(self.rows) and not self._last:
            row = self.rows[self._next]
            if row[NAME] == name:
                self._next += 1
                return self._next - 1, row
        for number in reversed(self._index.every(name)):
            row = self.rows[number]
            if row[NAME] == name:
                self._next = number + 1
                return number, row
        return None

    def _twice(self) -> tuple[dict[int, int], frozenset[int]]:
        """For names of several rows, the last row by the first, and all but the first."""
        numbers: dict[str, list[int]] = {}
        for number, row in enumerate(self.rows):
            if len(self._index.every(row[NAME])) > 1:
                numbers.setdefault(row[NAME], []).append(number)
        last = {of[0]: of[-1] for of in numbers.values() if len(of) > 1}
        return last, frozenset(number for of in numbers.values() for number in of[1:])
