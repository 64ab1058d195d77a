"""What tells a process to end: the interrupt key, a request (SIGTERM), a terminal that is closed (SIGHUP)."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Stop:
    """The handler of all that tells a process to end: each is a ``KeyboardInterrupt``, and is remembered.

    Attributes:
        number: Of the last signal; that of the interrupt key, if none came.
    """

    number: int = signal.SIGINT

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Called by the interpreter, which hands over the signal."""
        self.number = number
        raise KeyboardInterrupt

    @property
    def exit_code(self) -> int:
        """What a shell expects of a process that was told to end.

        Example:
            >>> Stop().exit_code, Stop(signal.SIGTERM).exit_code, Stop(signal.SIGHUP).exit_code
            (130, 143, 129)
        """
        return 128 + self.number


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Make interrupts of all that tells this process to end; what it ignores (``nohup``, ``&``) it goes on to ignore.

    At the end, each has its usual meaning again: the process dies of it without a word.
    """
    stop = Stop()
    heard = [number for number in STOPPING if signal.getsignal(number) is not signal.SIG_IGN]
    for number in heard:
        signal.signal(number, stop)
    try:
        yield stop
    finally:
        for number in heard:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put off interrupts: libsndfile calls back into Python, where one is lost with the bytes; tidying up is whole.

    Example:
        >>> with uninterrupted():
        ...     print("a call into libsndfile")
        a call into libsndfile
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    raising = {number: now for number in STOPPING if callable(now := signal.getsignal(number))}
    for number in raising:
        signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in raising.items():
            signal.signal(number, handler)
    if came:
        signal.raise_signal(came[0])


@contextmanager
def blocked() -> Iterator[None]:
    """Block signals that a terminal sends to all of its processes: a process that is started meanwhile gets none."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
