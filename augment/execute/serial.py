"""One task after the other, in this process."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any


def run(job: Callable[[Any], Any], tasks: Iterable[Any], workers: int = 1) -> Iterator[Any]:
    """Results in the order of the tasks.

    Example:
        >>> list(run(abs, [-1, 2]))
        [1, 2]
    """
    del workers
    return map(job, tasks)
