"""Who does the work: processes, or this one."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from augment.corpus.measuring import Measuring
from augment.errors import AcoustigridError, Fault, nearest
from augment.execute import Lost, Way, executors


def opened_way(executor: str | None, workers: int) -> AbstractContextManager[Way]:
    """Workers for as long as a context lasts.

    Args:
        executor: A file of ``augment/execute``; by the number of workers if not given.
        workers: How many.

    Raises:
        AcoustigridError: There is no such executor, or no worker.

    Example:
        >>> with opened_way(None, 1) as way:
        ...     list(way.run(abs, [-1]))
        [1]
    """
    if workers < 1:
        raise AcoustigridError(Fault("workers", f"expected 1 or more, found {workers}"))
    chosen = executor or ("serial" if workers == 1 else "processes")
    known = executors()
    if chosen not in known:
        raise AcoustigridError(Fault("executor", f"there is no executor '{chosen}'", nearest(chosen, list(known))))
    return known[chosen].opened(workers)


def measured_by(way: Way) -> Callable[[Measuring, Sequence[Any]], Iterator[Any]]:
    """Recordings measured by workers; one that ends its workers is a recording that cannot be read."""

    def run(job: Measuring, tasks: Sequence[Any]) -> Iterator[Any]:
        for outcome in way.run(job, tasks):
            yield job.lost(outcome.task, outcome.fate) if isinstance(outcome, Lost) else outcome

    return run
