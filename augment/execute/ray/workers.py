"""Workers of a cluster: each is a process of its own, is asked whether it is there, and then has one task at a time.

Retries are ours and not Ray's, counted as those of local workers are. A task costs a try only if a worker died that had
begun to work: one that was never there, or stood on a node that was lost before, is replaced and nothing is counted.
"""

import contextlib
import os
import pickle
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from augment.errors import AcoustigridError, Fault
from augment.execute import MOST_TRIES, ONE_THREAD, Limit, Lost, Prepare, Tasks
from augment.execute.ray.nodes import answers_everywhere, differences, lives, nodes
from augment.interrupts import uninterrupted
from augment.packages import everything_here

_TICK_S, _PATIENCE_S = 0.5, 30.0
_MOST_STILLBORN = 8
"""Workers in a row that die before they begin: then it is not the nodes that die."""


@dataclass(eq=False)
class _Worker:
    """A process somewhere.

    Attributes:
        actor: Ray's handle of it.
        awaited: What it will answer; None if it has nothing to do.
        node: Where it is; None until it has begun.
        task: What it does.
        tries: How often that was tried, this time included; 0 if it does nothing.
        spent_s: Time it has spent on it.
    """

    actor: Any
    awaited: Any
    node: str | None = None
    task: Any = None
    tries: int = 0
    spent_s: float = 0.0

    def give(self, job: Any, task: Any, tries: int) -> None:
        self.task, self.tries, self.spent_s = task, tries, 0.0
        self.awaited = self.actor.do.remote(job, pickle.dumps(task))

    def stop(self) -> None:
        import ray

        with contextlib.suppress(Exception):  # what is gone has nothing left to stop
            ray.kill(self.actor, no_restart=True)


class _Hands:
    """What a worker is on its node."""

    def __init__(self, folder: str) -> None:
        os.chdir(folder)  # paths of tasks may start there, as they do for local workers

    def begin(self, prepare: Prepare | None) -> tuple[str, dict[str, str]]:
        """Be there: the node, and what makes sound on it, since nodes may join after those of the beginning."""
        import ray

        if prepare is not None:
            with contextlib.suppress(Exception):  # whatever cannot be loaded, the first task that needs it will say so
                prepare()
        return str(ray.get_runtime_context().get_node_id()), everything_here()

    def do(self, job: bytes, task: bytes) -> tuple[bool, Any]:
        """A task; what a job raises is an answer, so that Ray's own faults stay apart."""
        try:
            return True, _job(job)(pickle.loads(task))  # noqa: S301 - from our own driver
        except Exception as error:
            return False, _sendable(error)


@dataclass
class Cluster:
    """Workers that are there for several jobs, one after the other.

    Attributes:
        workers: How many, at most.
        prepare: What they begin with.
    """

    workers: int
    prepare: Prepare | None = None
    _crew: list[_Worker] = field(default_factory=list)
    _stillborn: int = 0
    _looked_s: float = 0.0

    def everywhere(self, job: Callable[[], Any]) -> list[tuple[str, Any]]:
        """See :class:`augment.execute.Afar`."""
        return answers_everywhere(job)

    def start(self) -> None:
        """Start all of them at once."""
        while len(self._crew) < self.workers:
            self._hire()

    def run(self, job: Callable[[Any], Any], tasks: Iterable[Any], limit_s: Limit | None = None) -> Iterator[Any]:
        """Results as they come.

        Args:
            job: Can be pickled, and imported from a package that all nodes have.
            tasks: Can be pickled.
            limit_s: Time for a task after which its worker is taken to hang, and is stopped as if it had died.

        Raises:
            AcoustigridError: Workers die while they start.
            Exception: Whatever a job raises.
        """
        import ray

        waiting, hand = Tasks(tasks), deque[tuple[Any, int]]()
        shared = ray.put(pickle.dumps(job))
        self._looked_s = time.monotonic()
        done = False
        try:
            while self._give(shared, hand, waiting):
                awaited = {worker.awaited: worker for worker in self._crew if worker.awaited is not None}
                for reference in ray.wait(list(awaited), timeout=_TICK_S)[0]:
                    if awaited[reference] in self._crew:
                        yield from self._heard(awaited[reference], waiting)
                for worker, limit in self._hung(limit_s):
                    yield from self._gone([worker], waiting, limit)
            done = True
        finally:
            if not done:  # some are in the middle of what nobody waits for any more
                self.stop()

    def stop(self) -> None:
        """End all workers, whatever they do."""
        with uninterrupted():
            for worker in self._crew:
                worker.stop()
            self._crew = []

    def _hire(self) -> None:
        import ray

        asked = {"num_cpus": 1, "max_restarts": 0, "max_task_retries": 0, "scheduling_strategy": "SPREAD"}
        environment = {"env_vars": ONE_THREAD}
        actor = ray.remote(_Hands).options(**asked, runtime_env=environment).remote(str(Path.cwd()))
        self._crew.append(_Worker(actor, actor.begin.remote(self.prepare)))

    def _give(self, job: Any, hand: "deque[tuple[Any, int]]", waiting: Tasks) -> bool:
        """Give tasks to those who have nothing to do; whether there is anything to wait for.

        Args:
            job: Ray's reference to it.
            hand: Tasks that were taken for workers which are on their way.
            waiting: All others; how many, nobody knows.
        """
        idle = [worker for worker in self._crew if worker.awaited is None]
        while _taken(hand, waiting, 1) and idle:
            idle.pop().give(job, *hand.popleft())
        starting = sum(worker.node is None for worker in self._crew)
        while len(self._crew) < self.workers and _taken(hand, waiting, starting + 1):
            self._hire()
            starting += 1
        return bool(hand) or any(worker.tries for worker in self._crew)

    def _heard(self, worker: _Worker, waiting: Tasks) -> Iterator[Any]:
        """What a worker says, or the consequence of its death."""
        import ray

        try:
            said = ray.get(worker.awaited)
        except ray.exceptions.RayError as error:
            yield from self._died(worker, waiting, error)
            return
        worker.awaited = None
        if worker.node is None:
            worker.node, found = said
            self._stillborn = 0
            if unfit := differences(f"node {worker.node}", found, everything_here()):
                raise AcoustigridError(unfit)
            return
        succeeded, value = said
        if not succeeded:
            raise value
        worker.tries = 0
        yield value

    def _died(self, worker: _Worker, waiting: Tasks, error: Exception) -> Iterator[Any]:
        """The consequence of a death: for one worker, or for all of its node.

        Its node is asked before anything is given to another worker there. Otherwise the loss of a node, which Ray
        tells only after a while, would cost a task all of its tries, one for each worker that stood there.
        """
        if worker.node is None:
            self._refuse_stillborn(error)
            yield from self._gone([worker], waiting)
            return
        alive = lives(worker.node, _PATIENCE_S)
        fallen = [worker] if alive else [other for other in self._crew if other.node == worker.node]
        yield from self._gone(fallen, waiting)
        if not alive:
            nodes()  # that there is one left

    def _refuse_stillborn(self, error: Exception) -> None:
        self._stillborn += 1
        if self._stillborn >= _MOST_STILLBORN:
            said = " ".join(str(error).split())[:400]
            raise AcoustigridError(Fault("ray", f"workers die while they start: {said}", "see: ray status"))

    def _gone(self, fallen: list[_Worker], waiting: Tasks, limit_s: float | None = None) -> Iterator[Any]:
        """Workers that are no more, each with one try of its task."""
        for worker in fallen:
            worker.stop()
            self._crew.remove(worker)
        for worker in fallen:
            if 0 < worker.tries < MOST_TRIES:
                waiting.again(worker.task, worker.tries + 1)
            elif worker.tries:
                yield Lost(worker.task, worker.tries, limit_s)

    def _hung(self, limit_s: Limit | None) -> list[tuple[_Worker, float]]:
        """Workers that are over the time for their task, and that time in s; see those of this machine."""
        now = time.monotonic()
        passed, self._looked_s = min(now - self._looked_s, 2 * _TICK_S), now
        over = []
        for worker in (worker for worker in self._crew if worker.tries and limit_s is not None):
            worker.spent_s += passed
            limit = limit_s(worker.task) if limit_s is not None else 0.0
            over += [(worker, limit)] if worker.spent_s > limit else []
        return over


def _taken(hand: "deque[tuple[Any, int]]", waiting: Tasks, count: int) -> bool:
    """Take tasks until there are so many on hand; whether there are."""
    while len(hand) < count and (given := waiting.next()) is not None:
        hand.append(given)
    return len(hand) >= count


@lru_cache(maxsize=1)
def _job(pickled: bytes) -> Callable[[Any], Any]:
    return pickle.loads(pickled)  # type: ignore[no-any-return]  # noqa: S301 - from our own driver


def _sendable(error: Exception) -> Exception:
    """An exception as it can travel."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - made a line above
    except Exception:
        return RuntimeError(repr(error))
    return error
