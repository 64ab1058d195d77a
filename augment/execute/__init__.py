"""Ways to run many tasks: one file for each. A way has one function.

``run(job, tasks, workers)`` yields the result of ``job(task)`` for every task, in any order, or :class:`Lost` for a
task that killed its worker. It raises what a job raises, and then leaves no process behind.
"""

from dataclasses import dataclass
from typing import Any

from augment.plugins import modules


@dataclass(frozen=True)
class Lost:
    """A task whose worker died each time it was tried."""

    task: Any
    tries: int


def executors() -> dict[str, Any]:
    """The modules of this folder by name.

    Example:
        >>> sorted(executors())
        ['processes', 'serial']
    """
    return {module.__name__.rsplit(".", 1)[-1]: module for module in modules("augment.execute")}
