"""Measuring speech where the work is done: in worker processes, or in this one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from augment.corpus.kept import kept_file
from augment.corpus.measuring import Measurements, Measuring, Recording
from augment.corpus.survey import MeasuredBy
from augment.execute import Lost, Way, opened_way


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
