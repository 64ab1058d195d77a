"""The interrupt key, put off while a C library calls back into Python."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put off the interrupt key: libsndfile calls back into Python, where an interrupt is lost with the bytes.

    Example:
        >>> with uninterrupted():
        ...     print("a call into libsndfile")
        a call into libsndfile
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        signal.raise_signal(signal.SIGINT)
