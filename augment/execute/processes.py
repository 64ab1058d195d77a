"""Worker processes on this machine.

Python's own pools lose all tasks when one worker is killed, hang on a second interrupt, and leave orphans when the
parent is killed. Here a dead worker costs its task another try; workers ignore the interrupt key and die with their
parent. Workers are fresh interpreters that import this package only, never the user's main module.
"""

import contextlib
import ctypes
import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from augment.execute import Lost

MOST_TRIES = 3
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS"), "1"
)


@dataclass
class _Worker:
    process: "subprocess.Popen[bytes]"
    pipe: Connection
    task: Any = None
    tries: int = 0

    def give(self, task: Any, tries: int) -> None:
        self.task, self.tries = task, tries
        with contextlib.suppress(BrokenPipeError):  # a worker that is dead already says so when it is asked
            self.pipe.send(task)

    def stop(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.wait()


@dataclass
class _Pool:
    job: bytes
    workers: list[_Worker] = field(default_factory=list)

    def start(self) -> _Worker:
        ours, theirs = Pipe()
        with theirs:
            code = f"from augment.execute.processes import work; work({theirs.fileno()}, {os.getpid()})"
            # Our own place last, for a parent that found us in its current folder; -P: not the worker's current folder.
            places = [*(place for place in sys.path if place), str(Path(__file__).resolve().parents[2])]
            environment = {**os.environ, **_ONE_THREAD, "PYTHONPATH": os.pathsep.join(places)}
            command = [sys.executable, "-P", "-c", code]
            process = subprocess.Popen(  # noqa: S603 - our own interpreter with our own code
                command, pass_fds=[theirs.fileno()], env=environment, stdin=subprocess.DEVNULL
            )
        worker = _Worker(process, ours)
        with contextlib.suppress(BrokenPipeError):
            ours.send_bytes(self.job)
        self.workers.append(worker)
        return worker


def run(job: Callable[[Any], Any], tasks: Iterable[Any], workers: int) -> Iterator[Any]:
    """Results as they come.

    Args:
        job: Can be pickled, and imported from an installed package.
        tasks: Can be pickled.
        workers: How many processes.

    Raises:
        Exception: Whatever a job raises.

    Example:
        >>> sorted(run(abs, [-1, 2, -3], workers=2))
        [1, 2, 3]
    """
    waiting = deque((task, 1) for task in tasks)
    pool = _Pool(pickle.dumps(job))
    try:
        for _ in range(min(workers, len(waiting))):
            pool.start().give(*waiting.popleft())
        while any(worker.tries for worker in pool.workers):
            ready = wait([worker.pipe for worker in pool.workers if worker.tries])
            for worker in [w for w in pool.workers if w.pipe in ready]:
                yield from _answer(pool, worker, waiting)
    finally:
        for worker in pool.workers:
            worker.stop()


def _answer(pool: _Pool, worker: _Worker, waiting: "deque[tuple[Any, int]]") -> Iterator[Any]:
    """What a worker says, or the consequence of its death; then its next task."""
    try:
        succeeded, value = worker.pipe.recv()
    except (EOFError, ConnectionResetError):
        worker.stop()
        pool.workers.remove(worker)
        if worker.tries < MOST_TRIES:
            waiting.append((worker.task, worker.tries + 1))
        else:
            yield Lost(worker.task, worker.tries)
        if waiting:
            pool.start().give(*waiting.popleft())
        return
    if not succeeded:
        raise value
    worker.tries = 0
    if waiting:
        worker.give(*waiting.popleft())
    yield value


def work(descriptor: int, parent: int) -> None:
    """Main function of a worker: tasks in, results out, until the pipe closes.

    Args:
        descriptor: File descriptor of the pipe.
        parent: Process that started it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        return  # it died before we asked to die with it
    pipe = Connection(descriptor)
    job = pickle.loads(pipe.recv_bytes())  # noqa: S301 - from our own parent
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        try:
            answer = True, job(task)
        except Exception as error:
            answer = False, error
        try:
            pipe.send(answer)
        except (pickle.PicklingError, TypeError, AttributeError):
            pipe.send((False, RuntimeError(repr(answer[1]))))
