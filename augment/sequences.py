"""Sequences of which nothing is held, and things so many at a time."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar, overload

Thing = TypeVar("Thing")


class MadeSequence(Sequence[Thing]):
    """Base of what looks like a list, and makes each thing when somebody asks for it.

    Example:
        >>> class Squares(MadeSequence[int]):
        ...     def __len__(self):
        ...         return 4
        ...     def at(self, number):
        ...         return number**2
        >>> squares = Squares()
        >>> list(squares), squares[-1], squares[1:3], squares[::2]
        ([0, 1, 4, 9], 9, [1, 4], [0, 4])
    """

    @abstractmethod
    def at(self, number: int) -> Thing:
        """The thing of a number, which is at least 0 and below the length."""

    def between(self, first: int, last: int) -> Iterator[Thing]:
        """Things from a number on up to another, without it; whoever can make many at once does so here."""
        return map(self.at, range(first, last))

    def __iter__(self) -> Iterator[Thing]:
        return self.between(0, len(self))

    @overload
    def __getitem__(self, number: int) -> Thing: ...

    @overload
    def __getitem__(self, number: slice) -> list[Thing]: ...

    def __getitem__(self, number: int | slice) -> Thing | list[Thing]:
        if not isinstance(number, slice):
            return self.at(range(len(self))[number])
        chosen = range(len(self))[number]
        if chosen.step == 1:
            return list(self.between(chosen.start, max(chosen.start, chosen.stop)))
        return [self.at(one) for one in chosen]


def portions(things: Iterable[Thing], size: int) -> Iterator[list[Thing]]:
    """Things, so many at a time.

    Example:
        >>> list(portions("abc", 2))
        [['a', 'b'], ['c']]
    """
    left = iter(things)
    while some := list(islice(left, size)):
        yield some
