"""Ways to run many tasks: one file for each. A way has one function.

``run(job, tasks, workers, limit_s)`` yields the result of ``job(task)`` for every task, in any order, or :class:`Lost`
for a task that killed its worker, or for which its worker did not answer within ``limit_s(task)`` seconds. It raises
what a job raises, and then leaves no process behind.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from augment.plugins import modules


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


def executors() -> dict[str, Any]:
    """The modules of this folder by name.

    Example:
        >>> sorted(executors())
        ['processes', 'serial']
    """
    return {module.__name__.rsplit(".", 1)[-1]: module for module in modules("augment.execute")}
