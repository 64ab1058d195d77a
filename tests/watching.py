"""Somebody who is told how far something has got, and may do something about it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Watched:
    """A step as it was told.

    Attributes:
        name: Its name.
        total: Of how many things.
        before: Things that were done before it began.
        told: What it was told of, in order.
        ended: Whether it came to its end.
    """

    name: str
    total: int | None
    before: int
    on: Callable[["Watched"], object]
    told: list[tuple[int, float]] = field(default_factory=list)
    ended: bool = False

    @property
    def done(self) -> int:
        return self.before + sum(count for count, _ in self.told)

    def advance(self, count: int = 1, audio_s: float = 0.0) -> None:
        self.told.append((count, audio_s))
        self.on(self)


@dataclass
class Watching:
    """Progress that keeps every step, and calls ``on`` whenever one advances or ends."""

    on: Callable[[Watched], object] = lambda step: None
    steps: list[Watched] = field(default_factory=list)

    @contextmanager
    def step(self, name: str, total: int | None = None, unit: str = "", done: int = 0) -> Iterator[Watched]:
        begun = Watched(name, total, done, self.on)
        self.steps.append(begun)
        yield begun
        begun.ended = True
        self.on(begun)

    def named(self, name: str) -> Watched:
        (found,) = (step for step in self.steps if step.name == name)
        return found
