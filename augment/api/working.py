"""Where the work is done: in worker processes, or in this one."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial

from augment.corpus.kept import kept_file
from augment.corpus.measuring import Measurements, Measuring, Recording
from augment.corpus.survey import MeasuredBy
from augment.errors import AcoustigridError, Fault, nearest
from augment.execute import Lost, Way, executors


def opened_way(executor: str | None, workers: int | Way) -> AbstractContextManager[Way]:
    """Workers for as long as a context lasts.

    Args:
        executor: A file of ``augment/execute``; if not given, the number of workers decides.
        workers: Number of workers; or an open executor, which then stays open when the context ends.

    Raises:
        AcoustigridError: There is no such executor, or the number of workers is less than 1.

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
    return known[chosen].opened(workers)


@contextmanager
def opened_measuring(workers: int | Way, cache: bool) -> Iterator[MeasuredBy]:
    """The means to measure speech for as long as a context lasts.

    Args:
        workers: Number of processes, or an open executor; what is measured does not depend on it.
        cache: Whether to use, and add to, the measurements in the user's cache folder.

    Example:
        >>> with opened_measuring(1, cache=False) as by:
        ...     list(by.run(Measuring(16000), []))
        []
    """
    with opened_way(None, workers) as way:
        yield MeasuredBy(partial(_measured, way), kept_file() if cache else None)


def _measured(way: Way, job: Measuring, recordings: Sequence[Recording]) -> Iterator[Measurements]:
    """What workers found; a recording that kills its workers counts as one that cannot be read."""
    for outcome in way.run(job, recordings):
        yield job.lost(outcome.task, outcome.fate) if isinstance(outcome, Lost) else outcome
