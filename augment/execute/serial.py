"""One task after the other, in this process."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from augment.execute import Limit, Prepare, refuse_address


class Serial:
    """This process."""

    workers = 1

    def run(self, job: Callable[[Any], Any], tasks: Iterable[Any], limit_s: Limit | None = None) -> Iterator[Any]:
        """Results in the order of the tasks. A task that hangs is not stopped: nobody is there to do it."""
        del limit_s
        return map(job, tasks)


@contextmanager
def opened(workers: int = 1, prepare: Prepare | None = None, address: str | None = None) -> Iterator[Serial]:
    """This process, however many are asked for.

    Raises:
        AcoustigridError: An address is given.

    Example:
        >>> with opened() as here:
        ...     list(here.run(abs, [-1, 2]))
        [1, 2]
    """
    del workers, prepare
    refuse_address(address)
    yield Serial()
