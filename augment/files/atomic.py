"""Files that are there whole or not at all, even after a power cut."""

import ctypes
import fcntl
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from augment.errors import Fault, TestSetError


def write_all(path: Path, data: bytes) -> None:
    """Write a new file and check that every byte was taken; nothing is made durable yet.

    Raises:
        OSError: The disk is full, or another reason why not all could be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
    finally:
        os.close(descriptor)


@cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def sync(paths: Iterable[Path], folder: Path) -> None:
    """Make files durable: one call for their file system on Linux, one a file elsewhere.

    Raises:
        OSError: The system reports that not all reached the disk.
    """
    if sys.platform == "linux":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            if _libc().syncfs(descriptor) != 0:
                raise OSError(ctypes.get_errno(), "syncfs failed", str(folder))
        finally:
            os.close(descriptor)
        return
    for path in paths:
        sync_one(path)


def sync_one(path: Path) -> None:
    """Make one file, or the names in one folder, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file under a temporary name, make it durable, then give it its name.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "a.txt"
        >>> write_atomically(target, b"all of it")
        >>> target.read_bytes(), len(list(target.parent.iterdir()))
        (b'all of it', 1)
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write_all(temporary, data)
        sync_one(temporary)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error  # nobody knows the temporary name
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_one(path.parent)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that dies with the process.

    Raises:
        TestSetError: Another process holds it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = "another acoustigrid process is writing into this folder"
            raise TestSetError(Fault(str(path.parent), message, "wait until it has finished")) from None
        yield
    finally:
        os.close(descriptor)
