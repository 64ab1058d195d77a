"""One task after the other, in this process."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from augment.execute import Limit


def run(
    job: Callable[[Any], Any], tasks: Iterable[Any], workers: int = 1, limit_s: Limit | None = None
) -> Iterator[Any]:
    """Results in the order of the tasks. A task that hangs is not stopped: nobody is there to do it.

    Example:
        >>> list(run(abs, [-1, 2]))
        [1, 2]
    """
    del workers, limit_s
    return map(job, tasks)
