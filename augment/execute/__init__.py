"""Ways to run many tasks: one file or folder for each, with one function.

``opened(workers)`` is a context manager that gives a :class:`Way`, and leaves no process behind.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

from augment.errors import AcoustigridError, Fault, nearest
from augment.plugins import by_name

MOST_TRIES = 3
"""How often a task is tried whose worker dies."""
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS"), "1"
)
"""Environment of a worker: there are as many of them as processors."""


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


class Tasks:
    """Tasks that wait: new ones are made when somebody takes them; those that are tried again come after all others.

    Example:
        >>> waiting = Tasks(["a", "b"])
        >>> waiting.again("c", 2)
        >>> [waiting.next() for _ in range(4)]
        [('a', 1), ('b', 1), ('c', 2), None]
    """

    def __init__(self, tasks: Iterable[Any]) -> None:
        self._new = ((task, 1) for task in tasks)
        self._again: deque[tuple[Any, int]] = deque()

    def again(self, task: Any, tries: int) -> None:
        """Have a task tried once more; this will be its so-manieth try."""
        self._again.append((task, tries))

    def next(self) -> tuple[Any, int] | None:
        """The next task, and which of its tries this is; None if none waits."""
        fresh = next(self._new, None)
        return fresh if fresh is not None else self._again.popleft() if self._again else None


Limit = Callable[[Any], float]
"""Longest time in s that a task may take."""


Prepare = Callable[[], object]
"""What a worker does before its first task: a function of a module, which loads what the tasks will need."""


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


@runtime_checkable
class Afar(Protocol):
    """A way whose workers are on other machines, which may see other folders than this one does."""

    def everywhere(self, job: Callable[[], Any]) -> list[tuple[str, Any]]:
        """What a job returns on every machine, each with the name of the machine.

        Raises:
            AcoustigridError: With a fault for each machine that does not answer.
        """
        ...


@runtime_checkable
class Loses(Protocol):
    """A job that knows what comes of a task whose workers died or hung."""

    def lost(self, task: Any, fate: str) -> Any:
        """The result of such a task; its fate is :attr:`Lost.fate`."""
        ...


@dataclass(frozen=True)
class Numbered:
    """A job whose tasks and results have numbers, since workers give results in any order.

    Attributes:
        job: What is done.
    """

    job: Callable[[Any], Any]

    def __call__(self, numbered: tuple[int, Any]) -> tuple[int, Any]:
        """The result of a task, with its number."""
        return numbered[0], self.job(numbered[1])


def in_order(way: Way, job: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[Any]:
    """Results in the order of their tasks, each as soon as all before it are there; see :meth:`Way.run`.

    Example:
        >>> from augment.execute.serial import opened
        >>> with opened(1) as way:
        ...     list(in_order(way, abs, [-2, 1]))
        [2, 1]
    """
    done, following = dict[int, Any](), 0
    for outcome in way.run(Numbered(job), enumerate(tasks)):
        lost = isinstance(outcome, Lost)
        number, result = (outcome.task[0], replace(outcome, task=outcome.task[1])) if lost else outcome
        done[number] = result
        while following in done:
            yield done.pop(following)
            following += 1


class Executor(Protocol):
    """A file or a folder of this folder."""

    @staticmethod
    def opened(workers: int, prepare: Prepare | None = None, address: str | None = None) -> AbstractContextManager[Way]:
        """So many workers, for as long as this lasts.

        Workers may start at once with ``prepare()``, to be ready when there is something to do for them. ``address`` is
        where they are, for executors that reach other machines.
        """
        ...


def executors() -> dict[str, Executor]:
    """The modules of this folder by name.

    Example:
        >>> sorted(executors())
        ['processes', 'ray', 'serial']
    """
    return by_name("augment.execute")


def opened_way(
    executor: str | None, workers: int | Way, prepare: Prepare | None = None, address: str | None = None
) -> AbstractContextManager[Way]:
    """Workers for as long as a context lasts.

    Args:
        executor: A file of this folder; if not given, the number of workers decides.
        workers: Number of workers; or an open executor, which then stays open when the context ends.
        prepare: Given if all workers will be needed: what they begin with, at once.
        address: Where the workers are, for executors that reach other machines.

    Raises:
        AcoustigridError: There is no such executor, the number of workers is less than 1, or the executor takes no
            address.

    Example:
        >>> with opened_way(None, 1) as way:
        ...     list(way.run(abs, [-1]))
        [1]
    """
    if isinstance(workers, Way):
        return nullcontext(workers)
    if workers < 1:
        raise AcoustigridError(Fault("workers", f"expected 1 or more, found {workers}"))
    chosen = executor or ("serial" if workers == 1 else "processes")
    known = executors()
    if chosen not in known:
        raise AcoustigridError(Fault("executor", f"there is no executor '{chosen}'", nearest(chosen, list(known))))
    executor_chosen = known[chosen]
    # Executors of others, which are made for one machine, need not know of addresses.
    return executor_chosen.opened(workers, prepare, *(() if address is None else (address,)))


def refuse_address(address: str | None) -> None:
    """What executors of this machine do with an address.

    Raises:
        AcoustigridError: There is one.
    """
    if address is not None:
        raise AcoustigridError(Fault("address", "this executor works on this machine only", "--executor ray"))
