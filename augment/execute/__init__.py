"""Ways to run many tasks: one file for each, with one function.

``opened(workers)`` is a context manager that gives a :class:`Way`, and leaves no process behind.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from augment.plugins import by_name


@dataclass(frozen=True)
class Lost:
    """A task whose worker died or hung each time it was tried.

    Attributes:
        task: The task.
        tries: How often it was tried.
        limit_s: Time without an answer after which its last worker was stopped; None where that died by itself.
    """

    task: Any
    tries: int
    limit_s: float | None = None

    @property
    def fate(self) -> str:
        """What became of its workers.

        Example:
            >>> Lost("a", 3).fate, Lost("a", 3, 600).fate
            ('died 3 times', 'hung, and was stopped after 600 s (3 tries)')
        """
        if self.limit_s is None:
            return f"died {self.tries} times"
        return f"hung, and was stopped after {self.limit_s:.0f} s ({self.tries} tries)"


Limit = Callable[[Any], float]
"""Longest time in s that a task may take."""


@runtime_checkable
class Way(Protocol):
    """Somebody who does tasks.

    Attributes:
        workers: How many do them at the same time.
    """

    workers: int

    def run(self, job: Callable[[Any], Any], tasks: Iterable[Any], limit_s: Limit | None = None) -> Iterator[Any]:
        """The result of ``job(task)`` for every task, in any order.

        :class:`Lost` in its place for a task that killed its worker, or for which its worker did not answer within
        ``limit_s(task)`` seconds. Raises what a job raises.
        """
        ...


class Executor(Protocol):
    """A file of this folder."""

    @staticmethod
    def opened(workers: int) -> AbstractContextManager[Way]:
        """So many workers, for as long as this lasts."""
        ...


def executors() -> dict[str, Executor]:
    """The modules of this folder by name.

    Example:
        >>> sorted(executors())
        ['processes', 'serial']
    """
    return by_name("augment.execute")
