"""Worker processes on this machine.

Python's own pools lose all tasks when one worker is killed, hang on a second interrupt, and leave orphans when the
parent is killed. Here a worker that died, or does not answer in time, costs its task another try; workers ignore what
a terminal sends to all of its processes, and die with their parent. Workers are fresh interpreters that import this
package only, never the user's main module.
"""

import contextlib
import ctypes
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from augment.execute import MOST_TRIES, ONE_THREAD, Limit, Lost, Prepare, Tasks, refuse_address
from augment.interrupts import blocked, uninterrupted

_TICK_S, _PATIENCE_S = 0.5, 10.0
_NO_MORE = object()
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


@dataclass(frozen=True)
class _NewJob:
    """What a worker does from now on, pickled."""

    pickled: bytes


@dataclass(eq=False)
class _Worker:
    """A process, and the thread that talks to it: whatever hangs there, nothing else waits for it."""

    process: "subprocess.Popen[bytes]"
    pipe: Connection
    tasks: "queue.SimpleQueue[Any]" = field(default_factory=queue.SimpleQueue)
    thread: threading.Thread | None = None
    task: Any = None
    tries: int = 0
    spent_s: float = 0.0

    def talk(self, answers: "queue.SimpleQueue[tuple[_Worker, Any]]") -> None:
        known = b""
        try:
            while (asked := self.tasks.get()) is not _NO_MORE:
                job, task = asked
                if job != known:
                    self.pipe.send(_NewJob(job))
                    known = job
                self.pipe.send(task)
                answers.put((self, self.pipe.recv()))
        except (EOFError, OSError):
            answers.put((self, None))
        except Exception as error:  # a task or an answer that cannot be sent
            answers.put((self, (False, error)))

    def give(self, job: bytes, task: Any, tries: int) -> None:
        self.task, self.tries, self.spent_s = task, tries, 0.0
        self.tasks.put((job, task))

    def stop(self) -> None:
        self.tasks.put(_NO_MORE)
        self.process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # what waits for a dead disk dies when that answers
            self.process.wait(_PATIENCE_S)
        if self.thread is not None:
            self.thread.join(_PATIENCE_S)
        self.pipe.close()


@dataclass
class _Pool:
    job: bytes = b""
    limit_s: Limit | None = None
    workers: list[_Worker] = field(default_factory=list)
    answers: "queue.SimpleQueue[tuple[_Worker, Any]]" = field(default_factory=queue.SimpleQueue)
    looked_s: float = field(default_factory=time.monotonic)

    def start(self, prepare: Prepare | None = None) -> _Worker:
        ours, theirs = Pipe()
        with theirs:
            first = None if prepare is None else pickle.dumps(prepare)
            code = f"from augment.execute.processes import work; work({theirs.fileno()}, {os.getpid()}, {first!r})"
            # Our own place last, for a parent that found us in its current folder; -P: not the worker's current folder.
            places = [*(place for place in sys.path if place), str(Path(__file__).resolve().parents[2])]
            environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(places)}
            command = [sys.executable, "-P", "-c", code]
            with blocked():
                process = subprocess.Popen(  # noqa: S603 - our own interpreter with our own code
                    command, pass_fds=[theirs.fileno()], env=environment, stdin=subprocess.DEVNULL
                )
        worker = _Worker(process, ours)
        self.workers.append(worker)
        worker.thread = threading.Thread(target=worker.talk, args=(self.answers,), daemon=True)
        worker.thread.start()
        return worker

    def answer(self) -> tuple[_Worker, Any] | None:
        """What a worker says; None after a while in which none says anything."""
        with contextlib.suppress(queue.Empty):
            worker, said = self.answers.get(timeout=_TICK_S)
            return (worker, said) if worker in self.workers else None
        return None

    def hung(self) -> list[tuple[_Worker, float]]:
        """Workers that are over the time for their task, and that time in s.

        Time in which nobody looked is not counted: the machine was asleep, or all of us were stopped.
        """
        now = time.monotonic()
        passed, self.looked_s = min(now - self.looked_s, 2 * _TICK_S), now
        over = []
        for worker in (worker for worker in self.workers if worker.tries and self.limit_s is not None):
            worker.spent_s += passed
            limit_s = self.limit_s(worker.task) if self.limit_s is not None else 0.0
            over += [(worker, limit_s)] if worker.spent_s > limit_s else []
        return over

    def stop(self) -> None:
        with uninterrupted():
            for worker in self.workers:
                worker.stop()


class Processes:
    """Worker processes that are there for several jobs, one after the other.

    Args:
        workers: How many, at most.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool = _Pool()

    def start(self, prepare: Prepare) -> None:
        """Start all of them at once, each with ``prepare()`` before its first task."""
        for _ in range(self.workers):
            self._pool.start(prepare)

    def run(self, job: Callable[[Any], Any], tasks: Iterable[Any], limit_s: Limit | None = None) -> Iterator[Any]:
        """Results as they come.

        Args:
            job: Can be pickled, and imported from an installed package.
            tasks: Can be pickled.
            limit_s: Time for a task after which its worker is taken to hang, and is stopped as if it had died.

        Raises:
            Exception: Whatever a job raises.
        """
        waiting = Tasks(tasks)
        pool = self._pool
        pool.job, pool.limit_s, pool.looked_s = pickle.dumps(job), limit_s, time.monotonic()
        done = False
        try:
            for number in range(self.workers):
                given = waiting.next()
                if given is None:
                    break
                worker = pool.workers[number] if number < len(pool.workers) else pool.start()
                worker.give(pool.job, *given)
            while any(worker.tries for worker in pool.workers):
                answer = pool.answer()
                if answer is not None:
                    yield from _answered(pool, *answer, waiting)
                for worker, limit in pool.hung():
                    yield from _gone(pool, worker, waiting, limit)
            done = True
        finally:
            if not done:  # some are in the middle of what nobody waits for any more
                self.stop()

    def stop(self) -> None:
        """End all workers, whatever they do."""
        self._pool.stop()
        self._pool = _Pool()


@contextlib.contextmanager
def opened(workers: int, prepare: Prepare | None = None, address: str | None = None) -> Iterator[Processes]:
    """Workers for as long as this lasts; each starts when there is something to do for it, or at once to prepare.

    Raises:
        AcoustigridError: An address is given.

    Example:
        >>> with opened(2) as some:
        ...     sorted(some.run(abs, [-1, 2, -3])), sorted(some.run(str, [1, 2]))
        ([1, 2, 3], ['1', '2'])
    """
    refuse_address(address)
    some = Processes(workers)
    try:
        if prepare is not None:
            some.start(prepare)
        yield some
    finally:
        some.stop()


def _answered(pool: _Pool, worker: _Worker, said: Any, waiting: Tasks) -> Iterator[Any]:
    """What a worker says, or the consequence of its death; then its next task."""
    if said is None:
        yield from _gone(pool, worker, waiting)
        return
    succeeded, value = said
    if not succeeded:
        raise value
    worker.tries = 0
    if (given := waiting.next()) is not None:
        worker.give(pool.job, *given)
    yield value


def _gone(pool: _Pool, worker: _Worker, waiting: Tasks, limit_s: float | None = None) -> Iterator[Any]:
    """The consequence of a worker that died, or hangs: its task has another try, or is lost; another worker comes."""
    worker.stop()
    pool.workers.remove(worker)
    if worker.tries < MOST_TRIES:
        waiting.again(worker.task, worker.tries + 1)
    elif worker.tries:
        yield Lost(worker.task, worker.tries, limit_s)
    if (given := waiting.next()) is not None:
        pool.start().give(pool.job, *given)


def work(descriptor: int, parent: int, first: bytes | None = None) -> None:
    """Main function of a worker: tasks in, results out, until the pipe closes.

    Args:
        descriptor: File descriptor of the pipe.
        parent: Process that started it.
        first: What to do before the first task, pickled.
    """
    for number in (signal.SIGINT, signal.SIGHUP):  # blocked while we were started; a parent of others' may not do so
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        return  # it died before we asked to die with it
    if first is not None:
        with contextlib.suppress(Exception):  # whatever cannot be loaded, the first task that needs it will say so
            pickle.loads(first)()  # noqa: S301 - from our own parent
    pipe, job = Connection(descriptor), abs
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        try:
            if isinstance(task, _NewJob):
                job = pickle.loads(task.pickled)  # noqa: S301 - from our own parent
                continue
            answer = True, job(task)
        except Exception as error:
            answer = False, error
        try:
            pipe.send(answer)
        except (pickle.PicklingError, TypeError, AttributeError):
            pipe.send((False, RuntimeError(repr(answer[1]))))
