"""What tells a process to stop: the interrupt key, a request (SIGTERM), a closed terminal (SIGHUP)."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Stop:
    """Handler for every signal that tells a process to stop: remembers it, and raises ``KeyboardInterrupt``.

    Attributes:
        number: The last signal; that of the interrupt key if none came.
    """

    number: int = signal.SIGINT

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal; the interpreter calls this."""
        self.number = number
        raise KeyboardInterrupt

    @property
    def exit_code(self) -> int:
        """The exit code that a shell expects of a process that was told to stop.

        Example:
            >>> Stop().exit_code, Stop(signal.SIGTERM).exit_code, Stop(signal.SIGHUP).exit_code
            (130, 143, 129)
        """
        return 128 + self.number


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Turn every signal that tells this process to stop into an interrupt; ignored ones (``nohup``, ``&``) stay so.

    On leaving, each signal has its default effect again: it ends the process without a message.
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
    """Postpone interrupts, for clean-up that must not be cut short, and for calls into libsndfile.

    libsndfile calls back into Python to read and write, and an interrupt raised there is lost together with the bytes.

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
    """Block the signals that a terminal sends to all of its processes, so that one started meanwhile gets none."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
