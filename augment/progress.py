"""How far something has got: what lasts tells it in steps, and whoever waits decides what to do with that."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

Thing = TypeVar("Thing")


class Step(Protocol):
    """Something that lasts and has begun."""

    def advance(self, count: int = 1, audio_s: float = 0.0) -> None:
        """Tell that more of it is done.

        Args:
            count: Things that are done now and were not before.
            audio_s: Seconds of audio that were made of them.
        """
        ...


class Progress(Protocol):
    """Somebody who wants to know how far something has got.

    Example: whatever has such a method is one, as :class:`Silent` is.
    """

    def step(self, name: str, total: int | None = None, unit: str = "", done: int = 0) -> AbstractContextManager[Step]:
        """A step, for as long as a context lasts.

        Args:
            name: What is being done, in words: ``measuring speech``.
            total: How many things there are to do, those that are done among them; None where nobody knows.
            unit: What one thing is: ``item``.
            done: Things that were done before: they count towards the total, and not towards the speed.
        """
        ...


class Silent:
    """Nobody who wants to know.

    Example:
        >>> with Silent().step("rendering", total=3) as step:
        ...     step.advance()
    """

    @contextmanager
    def step(self, name: str, total: int | None = None, unit: str = "", done: int = 0) -> Iterator[Step]:
        yield self

    def advance(self, count: int = 1, audio_s: float = 0.0) -> None:
        pass


SILENT = Silent()


@dataclass(frozen=True)
class Within:
    """Steps of something that is itself a step of something larger: its name stands before theirs.

    Attributes:
        whole: Who wants to know of the whole.
        name: What the steps are part of.
    """

    whole: Progress
    name: str

    def step(self, name: str, total: int | None = None, unit: str = "", done: int = 0) -> AbstractContextManager[Step]:
        return self.whole.step(f"{self.name}: {name}", total, unit, done)


def each(progress: Progress, name: str, things: Iterable[Thing], total: int, unit: str = "") -> Iterator[Thing]:
    """The same things one after the other, with a step of so many around them.

    Example:
        >>> list(each(SILENT, "reading", "ab", 2))
        ['a', 'b']
    """
    with progress.step(name, total, unit) as step:
        for thing in things:
            yield thing
            step.advance()
